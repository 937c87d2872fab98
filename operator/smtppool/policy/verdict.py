"""What every decision carries: a status, a reason that programs read, a message that people read.

Untrusted text (an agent's, a node's) enters a message only through `quoted`.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

Status = Literal["True", "False", "Unknown"]


class Verdict(NamedTuple):
    """A condition before it has a type and a time."""

    status: Status
    reason: str
    message: str


def quoted(text: str, *, limit: int = 200) -> str:
    """Text of others, as printable ASCII on one line."""
    printable = "".join(char if " " <= char <= "~" else "?" for char in text)
    return printable if len(printable) <= limit else printable[: limit - 3] + "..."


def listed(names: Sequence[str], *, most: int, between: str = ", ") -> str:
    """The first of them and how many more there are: a pool has 200 members, and a message a limit."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return between.join(names[:most]) + more


def parse_time(text: str | None) -> datetime | None:
    """RFC 3339 in UTC; None for no time and for a text that only looks like one (2025-13-45)."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC, whole seconds, as metav1.Time has it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
