"""The gate's table in the form that answers quickly, and how it is read from disk.

A table that is missing, unreadable or wrong in any field is no table: everything is closed until a good one comes.
"""

import hashlib
import socket
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from smtppool.api.documents import GateTable, Intake, Lanes

MAX_SIZE = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What is in force. `networks` are (address, mask) numbers; `closed_since` is the monotonic time at which intake
    closed, None while it is open.
    """

    lanes: Lanes
    intake: Intake
    reason: str
    networks: tuple[tuple[int, int], ...]
    max_message_size: int
    max_recipients: int
    handed_over: frozenset[str] = frozenset()  # recipient domains, in lower case
    closed_since: float | None = None
    sha256: str = ""

    def permit(self, address: int) -> bool:
        """Whether a client may submit."""
        return any(address & mask == network for network, mask in self.networks)


@dataclass(frozen=True, kw_only=True)
class NoRules:
    """Nothing is in force, and why."""

    error: str


def read(path: Path, *, before: Rules | NoRules, now: float) -> Rules | NoRules:
    """The table at `path`; `before` tells since when intake is closed."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SIZE + 1)
    except OSError as error:
        return NoRules(error=f"{path}: {error.strerror}")
    if len(content) > MAX_SIZE:
        return NoRules(error=f"{path}: larger than {MAX_SIZE} bytes")
    try:
        table = GateTable.model_validate_json(content)
        return rules(table, closed_since=_closed_since(table, before, now), sha256=hashlib.sha256(content).hexdigest())
    except ValidationError as error:
        return NoRules(error=f"{path}: {'; '.join(_faults(error))}"[:1000])
    except ValueError as error:
        return NoRules(error=f"{path}: {error}"[:1000])


def rules(table: GateTable, *, closed_since: float | None = None, sha256: str = "") -> Rules:
    """The quick form of a valid table."""
    return Rules(
        lanes=table.lanes,
        intake=table.intake,
        reason=printable(table.reason) or "not allowed to send now",
        networks=tuple(network(text) for text in table.submission.allowed_networks),
        max_message_size=table.submission.max_message_size,
        max_recipients=table.submission.max_recipients,
        handed_over=frozenset(table.handed_over),
        closed_since=closed_since,
        sha256=sha256,
    )


def network(text: str) -> tuple[int, int]:
    """`"10.0.0.0/8"` as numbers; host bits are cleared."""
    address, _, length = text.partition("/")
    mask = (0xFFFFFFFF << (32 - int(length))) & 0xFFFFFFFF
    return ipv4(address) & mask, mask


def ipv4(text: str) -> int:
    """An IPv4 address as a number; ValueError for anything else."""
    try:
        return int.from_bytes(socket.inet_pton(socket.AF_INET, text), "big")
    except (OSError, UnicodeEncodeError) as error:
        raise ValueError(f"not an IPv4 address: {text!r}") from error


def printable(text: str) -> str:
    """One line of ASCII, short enough for a reply."""
    return " ".join("".join(char if " " <= char <= "~" else " " for char in text).split())[:200]


def _closed_since(table: GateTable, before: Rules | NoRules, now: float) -> float | None:
    if table.intake is Intake.OPEN:
        return None
    known = before.closed_since if isinstance(before, Rules) else None
    return now if known is None else known


def _faults(error: ValidationError) -> list[str]:
    return [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
