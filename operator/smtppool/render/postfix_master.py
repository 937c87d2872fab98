"""The services of master.cf: two intakes, Postfix's own parts, and one delivery service per lane.

There is no plain `smtp` service: mail leaves by a lane or not at all. Nothing runs in a chroot.
"""

from smtppool.api.names import DEFAULT_LANE, HANDOVER_LANE, HANDOVER_SMTPD_PORT, SMTPD_PORT
from smtppool.render.postfix_main import BOUNCE_LANE, GATE_CONTEXT, SUBMISSION_SIZE
from smtppool.render.postfix_syntax import Service

LOOPBACK = "127.0.0.1"
HANDOVER_CONTEXT = "handover"


def services() -> list[Service]:
    """All services of a relay, in file order."""
    return [*_INTAKE, *_PARTS, *_LANES]


def _named(lane: str) -> tuple[str, str]:
    return ("syslog_name", f"postfix/{lane}")


_INTAKE = (
    Service(
        f"{LOOPBACK}:{SMTPD_PORT}",
        "inet",
        "smtpd",
        private=False,
        limit=300,
        options=(("message_size_limit", f"${SUBMISSION_SIZE}"),),
    ),
    Service(
        f"{LOOPBACK}:{HANDOVER_SMTPD_PORT}",
        "inet",
        "smtpd",
        private=False,
        limit=50,
        options=(_named("handover-in"), (GATE_CONTEXT, HANDOVER_CONTEXT), ("smtpd_client_connection_count_limit", "0")),
    ),
)

_PARTS = (
    Service("pickup", "unix", "pickup", private=False, wakeup=60, limit=1),
    Service("cleanup", "unix", "cleanup", private=False, limit=0),
    Service("qmgr", "unix", "qmgr", private=False, wakeup=300, limit=1),
    Service("tlsmgr", "unix", "tlsmgr", wakeup=1000, limit=1),
    Service("rewrite", "unix", "trivial-rewrite"),
    Service("bounce", "unix", "bounce", limit=0),
    Service("defer", "unix", "bounce", limit=0),
    Service("trace", "unix", "bounce", limit=0),
    Service("flush", "unix", "flush", private=False, wakeup=1000, limit=0),
    Service("proxymap", "unix", "proxymap"),
    Service("showq", "unix", "showq", private=False),
    Service("error", "unix", "error"),
    Service("retry", "unix", "error"),
    Service("anvil", "unix", "anvil", limit=1),
    Service("scache", "unix", "scache", limit=1),
    Service("tlsproxy", "unix", "tlsproxy", limit=0),
    Service("postlog", "unix-dgram", "postlogd", private=False, limit=1),
)

_LANES = (
    Service(DEFAULT_LANE, "unix", "smtp", options=(_named(DEFAULT_LANE),)),
    Service(BOUNCE_LANE, "unix", "smtp", limit=10, options=(_named(BOUNCE_LANE),)),
    # To the own HAProxy, so without all that concerns the outside.
    Service(
        HANDOVER_LANE,
        "unix",
        "smtp",
        limit=20,
        options=(
            _named(HANDOVER_LANE),
            ("smtp_bind_address", LOOPBACK),
            ("smtp_tls_security_level", "none"),
            ("smtp_tls_wrappermode", "no"),
            ("smtp_tls_policy_maps", ""),
            ("smtp_sasl_auth_enable", "no"),
        ),
    ),
)
