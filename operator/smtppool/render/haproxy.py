"""haproxy.cfg of a relay pod: entry, relay and handover frontends, and slots for members.

The text depends on the pool's spec alone, never on its members: those live in slots that the agent fills over the
runtime socket, so neither a member nor a weight can cause a reload or a rollout. Nothing but typed numbers and
enumerations reaches the text, and it is parsed back before it is returned.
"""

from typing import Final, NamedTuple

from smtppool.api import names
from smtppool.api.smtppool import MAX_SERVERS, Balance

ENTRY: Final = "entry"
RELAY: Final = "relay"
HANDOVER_IN: Final = "handover_in"
HANDOVER_OUT: Final = "handover_out"
MEMBERS: Final = "members"
PEERS: Final = "peers"
SMTPD: Final = "smtpd"
HANDOVER_SMTPD: Final = "handover_smtpd"
HEALTH: Final = "health"
ROTATION: Final = "rotation"
ROTOR: Final = "rotor"
SLOT: Final = "slot"

MEMBERS_ACL_FILE: Final = f"{names.RUN_DIR}/members.acl"
ROTATION_SOCKET: Final = f"{names.RUN_DIR}/rotation.sock"

_BUSY: Final = f"unix@{names.BUSY_SOCKET}"
_POD: Final = '"${POD_IP}"'
_SLOTS: Final = f"server-template {SLOT} 1-{MAX_SERVERS} 127.0.0.1:1 disabled weight 0"
_SMTPCHK: Final = "option smtpchk EHLO smtppool"

_BALANCE: Final = {
    Balance.ROUND_ROBIN: ("balance roundrobin",),
    Balance.LEAST_CONN: ("balance leastconn",),
    # Map-based hashing takes no runtime weights.
    Balance.SOURCE: ("balance source", "hash-type consistent"),
    # Two draws, HAProxy's default, prefer idle servers and bend the shares: 62/37 instead of 66/33 measured.
    Balance.RANDOM: ("balance random(1)",),
}


class RenderError(ValueError):
    """The rendered text does not say what was meant."""


class Section(NamedTuple):
    """One section of haproxy.cfg: its head and its lines."""

    head: str
    lines: tuple[str, ...]


def render(*, balance: Balance, maxconn: int = 4000) -> str:
    """haproxy.cfg for HAProxy 3.0; `maxconn` is the number of open client sessions of the pod."""
    sections = (
        *_basics(maxconn),
        *_frontends(),
        *_pool_backends(balance),
        *_own_backends(),
    )
    text = "\n".join("\n    ".join((section.head, *section.lines)) + "\n" for section in sections)
    if parse(text) != sections:
        raise RenderError("haproxy.cfg does not read back as it was meant")
    return text


def parse(text: str) -> tuple[Section, ...]:
    """The sections of a haproxy.cfg as `render` writes it: an indented line belongs to the head above it."""
    sections: list[Section] = []
    for line in text.splitlines():
        if line.startswith(" "):
            last = sections.pop()
            sections.append(last._replace(lines=(*last.lines, line.strip())))
        elif line:
            sections.append(Section(line, ()))
    return tuple(sections)


def _basics(maxconn: int) -> tuple[Section, ...]:
    """Process and defaults. One thread: SMTP sessions need a fraction of a core, and the rotation stays exact."""
    return (
        Section(
            "global",
            (
                "log stdout format raw local0 err",
                f"maxconn {maxconn:d}",
                "nbthread 1",
                "hard-stop-after 10m",
                f"stats socket {names.HAPROXY_SOCKET} mode 660 level admin expose-fd listeners",
                "stats timeout 1h",
                f"server-state-file {names.HAPROXY_STATE}",
            ),
        ),
        Section(
            "defaults",
            (
                "mode tcp",
                "log global",
                "option tcplog",
                "option log-separate-errors",
                "option redispatch 1",
                "retries 3",
                "timeout connect 1s",
                "timeout queue 10s",
                # Longer than smtpd_timeout (300 s): Postfix says 421 before HAProxy cuts.
                "timeout client 6m",
                "timeout server 6m",
                "timeout check 1s",
            ),
        ),
    )


def _frontends() -> tuple[Section, ...]:
    """Who may connect to what. The ACL sees the peer's own address, before the PROXY header replaces it."""
    members_only = (
        # `opt@`: HAProxy starts before the agent has written the file; nobody is a member then.
        f"tcp-request connection reject unless {{ src -f opt@{MEMBERS_ACL_FILE} }}",
        "tcp-request connection expect-proxy layer4",
    )
    return (
        Section(f"frontend {ENTRY}", (f"bind {_POD}:{names.ENTRY_PORT}", f"default_backend {MEMBERS}")),
        Section(
            f"frontend {RELAY}",
            (
                f"bind {_POD}:{names.RELAY_PORT}",
                *members_only,
                # A peer's health check carries PROXY LOCAL and so keeps this port as its destination; a client's
                # session carries the entry port. Checks are answered without Postfix and cost it no log line.
                f"use_backend {HEALTH} if {{ dst_port {names.RELAY_PORT} }}",
                f"default_backend {SMTPD}",
            ),
        ),
        Section(
            f"frontend {HANDOVER_IN}",
            (f"bind {_POD}:{names.HANDOVER_IN_PORT}", *members_only, f"default_backend {HANDOVER_SMTPD}"),
        ),
        Section(f"frontend {HANDOVER_OUT}", (f"bind 127.0.0.1:{names.HANDOVER_OUT_PORT}", f"default_backend {PEERS}")),
        Section(f"frontend {ROTATION}", (f"bind unix@{ROTATION_SOCKET} mode 660", f"default_backend {MEMBERS}")),
    )


def _pool_backends(balance: Balance) -> tuple[Section, ...]:
    """Slots for the pool's relays: `members` checked by entry pods, `peers` for mail that is handed over.

    A member that vanishes or drops packets is down after 0.7 s (interval) + 0.7 s (connect) + 0.2 s + 0.7 s = 2.3 s
    at the latest, and after its third failed connection under load.
    """
    return (
        Section(
            f"backend {MEMBERS}",
            (
                *_BALANCE[balance],
                _SMTPCHK,
                f"source {_POD}",
                f"server {ROTOR} {_BUSY} disabled weight 1",
                "default-server check check-send-proxy send-proxy-v2",
                "default-server inter 700ms fastinter 200ms downinter 700ms fall 2 rise 2",
                "default-server observe layer4 error-limit 3 on-error mark-down",
                _SLOTS,
                # Without a usable server HAProxy would close before the banner; a client then suspends its
                # whole destination. The busy responder says 450 instead.
                f"server busy {_BUSY} backup no-check no-send-proxy-v2",
            ),
        ),
        # No checks, which would grow with the square of the pool, and no busy responder: a closed connection makes
        # Postfix keep the whole destination for later, which is right when no peer is left.
        Section(f"backend {PEERS}", (*_BALANCE[balance], f"source {_POD}", "default-server send-proxy-v2", _SLOTS)),
    )


def _own_backends() -> tuple[Section, ...]:
    """The pod's own Postfix, checked once for all three; a refused connection takes it out at once.

    It starts as down (`haproxy_state`), so that peers find it down until Postfix has answered a check.
    """
    busy = f"server busy {_BUSY} backup"
    return (
        Section(
            f"backend {SMTPD}",
            (
                _SMTPCHK,
                "load-server-state-from-file global",
                "timeout check 5s",
                "default-server check check-send-proxy inter 5s fastinter 500ms downinter 500ms fall 2 rise 1",
                "default-server observe layer4 error-limit 1 on-error mark-down",
                f"server {SMTPD} 127.0.0.1:{names.SMTPD_PORT} send-proxy-v2",
                f"{busy} no-check",
            ),
        ),
        Section(f"backend {HEALTH}", (f"server busy {_BUSY} track {SMTPD}/{SMTPD}",)),
        Section(
            f"backend {HANDOVER_SMTPD}",
            (f"server {SMTPD} 127.0.0.1:{names.HANDOVER_SMTPD_PORT} send-proxy-v2 track {SMTPD}/{SMTPD}", busy),
        ),
    )
