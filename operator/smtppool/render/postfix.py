"""main.cf and master.cf of one relay: the only way from an SmtpServer to Postfix's configuration.

Values from the specs pass their typed pattern once more here, and the text is parsed back and compared, so that no
field of a custom resource can add or change a setting that is not its own.
"""

from smtppool.api.base import HOSTNAME_PATTERN, IPV4_PATTERN
from smtppool.api.names import Key
from smtppool.api.smtppool import SmtpPoolSpec
from smtppool.api.smtpserver import EgressProviderName, Smarthost, SmarthostTls, SmtpServerSpec
from smtppool.api.units import parse_duration, parse_size
from smtppool.render.postfix_main import RelaySettings, parameters
from smtppool.render.postfix_master import services
from smtppool.render.postfix_syntax import PostfixRenderError, format_main, format_master, typed

__all__ = ["PostfixRenderError", "bind_address", "hostname", "main_cf", "master_cf"]

MAX_LIFETIME = 8_640_000  # 100 days; Postfix does not start with more
INTERNAL_DOMAIN = "smtppool.internal"  # .internal is reserved for private use


def main_cf(*, key: Key, pool: SmtpPoolSpec, server: SmtpServerSpec) -> str:
    """Text of main.cf; PostfixRenderError if a value must not stand there."""
    return format_main(parameters(_settings(key, pool, server)))


def master_cf() -> str:
    """Text of master.cf, the same for every relay."""
    return format_master(services())


def hostname(*, key: Key, server: SmtpServerSpec) -> str:
    """HELO name: as stated for a relay; a smarthost has none to state, and its own name would look like a loop."""
    if server.relay is not None:
        return server.relay.hostname
    return f"{key.name}.{key.namespace}.{INTERNAL_DOMAIN}"


def _settings(key: Key, pool: SmtpPoolSpec, server: SmtpServerSpec) -> RelaySettings:
    smarthost = server.smarthost
    return RelaySettings(
        hostname=typed(HOSTNAME_PATTERN, hostname(key=key, server=server)),
        message_size=parse_size(pool.submission.max_message_size),
        recipients=int(pool.submission.max_recipients),
        lifetime=min(int(parse_duration(pool.queue.lifetime).total_seconds()), MAX_LIFETIME),
        source=bind_address(server),
        relayhost=None if smarthost is None else _relayhost(smarthost),
        implicit_tls=smarthost is not None and smarthost.tls is SmarthostTls.IMPLICIT,
        credentials=smarthost is not None and smarthost.credentials_secret_ref is not None,
    )


def bind_address(server: SmtpServerSpec) -> str | None:
    """Only where the pod holds the address itself is there something to bind."""
    if server.relay is None or server.relay.egress.provider is not EgressProviderName.HOST_NETWORK:
        return None
    return typed(IPV4_PATTERN, server.relay.egress.source)


def _relayhost(smarthost: Smarthost) -> str:
    return f"[{typed(HOSTNAME_PATTERN, smarthost.host)}]:{int(smarthost.port)}"
