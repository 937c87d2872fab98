"""Which of HAProxy's frontends are open, and how many SMTP sessions the pod has: pure, from `show stat`."""

from collections.abc import Iterable, Sequence
from typing import Final

from smtppool.render import haproxy

INTERNAL: Final = (haproxy.RELAY, haproxy.HANDOVER_IN)
SHOW: Final = "show stat -1 3 -1"  # frontends and backends
_OPEN: Final = "OPEN"

Rows = Sequence[dict[str, str]]


def own_sessions(rows: Rows) -> int:
    """Open sessions with this pod's Postfix, from its own entry too: all that can bring mail to its queue.

    Health checks pass the frontend `relay`, and are taken off again.
    """
    open_sessions = sum(_open(rows, name, "FRONTEND") for name in INTERNAL)
    return max(0, open_sessions - _open(rows, haproxy.HEALTH, "BACKEND"))


def entry_sessions(rows: Rows) -> int:
    """Open sessions of clients that came through this pod, to whichever relay."""
    return _open(rows, haproxy.ENTRY, "FRONTEND")


def _open(rows: Rows, name: str, side: str) -> int:
    return sum(int(row["scur"] or 0) for row in rows if (row["pxname"], row["svname"]) == (name, side))


def usable_members(rows: Rows) -> str:
    """How many members HAProxy may choose now, as it says; it changes when checks find one down."""
    return next((row["act"] for row in rows if (row["pxname"], row["svname"]) == (haproxy.MEMBERS, "BACKEND")), "")


def is_open(rows: Rows, frontend: str) -> bool:
    """Whether the frontend accepts connections."""
    return any(row["pxname"] == frontend and row["svname"] == "FRONTEND" and row["status"] == _OPEN for row in rows)


def commands(rows: Rows, *, shut: Iterable[str]) -> list[str]:
    """Open all frontends but those in `shut`; a closed port makes peers go to another relay at once."""
    closed = frozenset(shut)
    return [
        f"{'disable' if name in closed else 'enable'} frontend {name}"
        for name in (haproxy.ENTRY, *INTERNAL)
        if is_open(rows, name) is (name in closed)
    ]
