"""The parameters of main.cf, grouped by what they protect.

Every value is a constant of ours or a field of `RelaySettings`, whose values have passed a typed pattern again.
Sources of the figures: postconf(5) of Postfix 3.10; limits towards providers as KumoMTA's published defaults.
"""

from dataclasses import dataclass

from smtppool.api.names import (
    DATA_DIR,
    DEFAULT_LANE,
    HANDOVER_LANE,
    MAILLOG,
    POLICY_SOCKET,
    QUEUE_DIR,
    SASL_PASSWORDS,
    SOCKETMAP_SOCKET,
)

BOUNCE_LANE = "lane-bounce"
GATE_CONTEXT = "gate_context"  # a parameter of ours: which port a request to the gate's policy service comes from
SUBMISSION_CONTEXT = "submission"
SUBMISSION_SIZE = "submission_size_limit"  # another: what clients may send, in bytes
HOP_ROOM = 64 * 1024  # bytes of Received headers: 50 hops, each has less than 1 KiB
_GATE = (
    f"check_policy_service {{ unix:{POLICY_SOCKET}, {{ timeout = 5s }}, "
    f"{{ policy_context = ${GATE_CONTEXT} }}, {{ default_action = 451 4.3.5 Permission service unavailable }} }}"
)
_SOCKETMAP = f"socketmap:unix:{SOCKETMAP_SOCKET}"
_NOT_LOCAL = "error:5.1.1 no mailbox is served here"


@dataclass(frozen=True, kw_only=True)
class RelaySettings:
    """What differs from relay to relay: bytes, recipients, seconds; `source` is bound, `relayhost` is `[host]:port`."""

    hostname: str
    message_size: int
    recipients: int
    lifetime: int
    source: str | None = None
    relayhost: str | None = None
    implicit_tls: bool = False
    credentials: bool = False


def parameters(settings: RelaySettings) -> dict[str, str]:
    """All parameters of main.cf in file order."""
    return {
        **_installation(settings),
        **_ADDRESSES,
        **_intake(settings),
        **_queue(settings),
        **_DELIVERY,
        **_source(settings),
        **_smarthost(settings),
    }


def _installation(settings: RelaySettings) -> dict[str, str]:
    return {
        "compatibility_level": "3.10",
        "queue_directory": QUEUE_DIR,
        "data_directory": DATA_DIR,
        "maillog_file": MAILLOG,
        # The agent, another user, reads it.
        "maillog_file_permissions": "0644",
        "myhostname": settings.hostname,
        "myorigin": "$myhostname",
        "inet_protocols": "ipv4",
        "inet_interfaces": "127.0.0.1",
        "default_database_type": "lmdb",
        "default_process_limit": "100",
        "enable_long_queue_ids": "yes",
        "authorized_submit_users": "",
    }


# No domain is served here, and no address is rewritten: mail leaves as it came.
_ADDRESSES = {
    "mydestination": "",
    "mynetworks": "",
    "relay_domains": "",
    "local_transport": _NOT_LOCAL,
    "relay_transport": _NOT_LOCAL,
    "virtual_transport": _NOT_LOCAL,
    "local_recipient_maps": "",
    "alias_maps": "",
    "alias_database": "",
    "local_header_rewrite_clients": "",
    "append_dot_mydomain": "no",
    "swap_bangpath": "no",
    "allow_percent_hack": "no",
    "biff": "no",
    "default_transport": DEFAULT_LANE,
    "sender_dependent_default_transport_maps": f"inline:{{ {{ <> = {BOUNCE_LANE}: }} }}",
    "transport_maps": f"{_SOCKETMAP}:transport",
}


def _intake(settings: RelaySettings) -> dict[str, str]:
    return {
        GATE_CONTEXT: SUBMISSION_CONTEXT,
        "gate": _GATE,
        # Each stage is judged when it comes: a refusal at MAIL must not wait for RCPT.
        "smtpd_delay_reject": "no",
        "smtpd_sender_restrictions": "$gate",
        "smtpd_relay_restrictions": "$gate, reject",
        "smtpd_recipient_restrictions": "reject_non_fqdn_recipient",
        "smtpd_data_restrictions": "$gate",
        "smtpd_end_of_data_restrictions": "$gate",
        "smtpd_etrn_restrictions": "reject",
        "smtpd_upstream_proxy_protocol": "haproxy",
        "smtpd_upstream_proxy_timeout": "5s",
        # No DNS before the banner.
        "smtpd_peername_lookup": "no",
        "smtpd_banner": "$myhostname ESMTP",
        "smtpd_helo_required": "yes",
        "disable_vrfy_command": "yes",
        "smtpd_discard_ehlo_keywords": "dsn, etrn, silent-discard",
        "smtpd_forbid_bare_newline": "normalize",
        "smtpd_forbid_bare_newline_exclusions": "",
        "smtpd_forbid_unauth_pipelining": "yes",
        "smtpd_reject_unlisted_sender": "no",
        "smtpd_reject_unlisted_recipient": "no",
        "smtpd_tls_security_level": "none",
        "smtpd_client_connection_count_limit": "200",
        "smtpd_client_event_limit_exceptions": "",
        "smtpd_recipient_limit": str(settings.recipients),
        # A message grows by a header at each relay: a peer must not bounce what was accepted already.
        SUBMISSION_SIZE: str(settings.message_size),
        "message_size_limit": str(settings.message_size + HOP_ROOM),
        # Bounds how often mail is handed on from one relay that is emptied to the next.
        "hopcount_limit": "50",
        "mailbox_size_limit": "0",
    }


def _queue(settings: RelaySettings) -> dict[str, str]:
    return {
        "maximal_queue_lifetime": f"{settings.lifetime}s",
        "bounce_queue_lifetime": f"{settings.lifetime}s",
        "notify_classes": "",
        "queue_run_delay": "300s",
        "minimal_backoff_time": "300s",
        "maximal_backoff_time": "4000s",
        "qmgr_message_active_limit": "20000",
        "fast_flush_domains": "",
        "default_destination_concurrency_limit": "10",
        # One hop to all peers, so one refusal must not suspend it, and an envelope stays whole.
        f"{HANDOVER_LANE}_destination_concurrency_limit": "20",
        f"{HANDOVER_LANE}_destination_concurrency_failed_cohort_limit": "20",
        f"{HANDOVER_LANE}_destination_recipient_limit": str(settings.recipients),
    }


_DELIVERY = {
    # A stalled receiver must not hold a lane for long.
    "smtp_connect_timeout": "20s",
    "smtp_helo_timeout": "60s",
    "smtp_mail_timeout": "60s",
    "smtp_rcpt_timeout": "60s",
    "smtp_data_init_timeout": "60s",
    "smtp_data_xfer_timeout": "60s",
    "smtp_data_done_timeout": "60s",
    "smtp_rset_timeout": "20s",
    "smtp_quit_timeout": "20s",
    "smtp_starttls_timeout": "60s",
    # A closed lane stops new sessions only, so cached ones are short-lived.
    "smtp_connection_reuse_time_limit": "30s",
    "smtp_connection_reuse_count_limit": "99",
    "smtp_tls_connection_reuse": "yes",
    "smtp_tls_loglevel": "1",  # a line for each session with TLS: the log reader counts them
    "smtp_tls_policy_maps": f"{_SOCKETMAP}:tls",
    "smtp_tls_CAfile": "/etc/ssl/certs/ca-certificates.crt",
}


def _source(settings: RelaySettings) -> dict[str, str]:
    bound = {} if settings.source is None else {"smtp_bind_address": settings.source}
    # Without it Postfix warns and sends from whatever address it has.
    return {**bound, "smtp_bind_address_enforce": "yes"}


def _smarthost(settings: RelaySettings) -> dict[str, str]:
    if settings.relayhost is None:
        return {"relayhost": "", "smtp_tls_security_level": "may"}
    # Credentials go only to a host whose certificate proves its name.
    level = "secure" if settings.credentials else "encrypt"
    wrapper = {"smtp_tls_wrappermode": "yes"} if settings.implicit_tls else {}
    tls = {"relayhost": settings.relayhost, "smtp_tls_security_level": level, **wrapper}
    if not settings.credentials:
        return tls
    return {
        **tls,
        "smtp_sasl_auth_enable": "yes",
        "smtp_sasl_password_maps": f"texthash:{SASL_PASSWORDS}",
        "smtp_sasl_security_options": "noanonymous",
        "smtp_sasl_mechanism_filter": "plain, login",
    }
