"""Counts a queue from the output of `postqueue -j`, piece by piece: a queue of any length takes the same memory.

One line is one message. Of a line that is longer than LONGEST only the head is kept; all but its later recipients
stands there.
"""

import json
from typing import Any, Final

COUNTED: Final = ("incoming", "active", "deferred", "hold")
LONGEST: Final = 256 * 1024  # bytes: 1,000 recipients, each with the reply that deferred it

_ALIASES: Final = {"maildrop": "incoming"}
_RECIPIENTS: Final = b'"recipients": ['


class ListingError(Exception):
    """It is no listing of a queue."""


class Listing:
    """Messages by queue. An entry without recipients is delivered, and only waits for its removal."""

    def __init__(self) -> None:
        self.messages = dict.fromkeys(COUNTED, 0)
        self._line = bytearray()
        self._cut = False

    def feed(self, piece: bytes) -> None:
        """The next bytes of the output."""
        first, *more = piece.split(b"\n")
        self._keep(first)
        for part in more:
            self.end()
            self._keep(part)

    def end(self) -> None:
        """Count the line that was fed last."""
        line, cut = bytes(self._line).strip(), self._cut
        self._line.clear()
        self._cut = False
        if line:
            self._count(_entry(line, cut=cut))

    def _keep(self, part: bytes) -> None:
        room = LONGEST - len(self._line)
        self._line += part[:room]
        self._cut = self._cut or len(part) > room

    def _count(self, entry: dict[str, Any]) -> None:
        queue = _ALIASES.get(entry["queue_name"], entry["queue_name"])
        if entry["recipients"] and queue in self.messages:
            self.messages[queue] += 1


def _entry(line: bytes, *, cut: bool) -> dict[str, Any]:
    """Of a line that was cut, with the recipients that stand in its head."""
    try:
        entry = json.loads((_closed(line) if cut else line).decode(errors="replace"))
    except ValueError as error:
        raise ListingError(f"postqueue -j: not JSON: {line[:80]!r}") from error
    if not isinstance(entry, dict):
        raise ListingError(f"postqueue -j: no message: {line[:80]!r}")
    return entry


def _closed(line: bytes) -> bytes:
    """The recipients that were kept whole; quotes in a value are escaped, so the separators are no part of one."""
    head, found, recipients = line.partition(_RECIPIENTS)
    whole, _, _ = recipients.rpartition(b'"}, {"')
    return head + found + whole + b'"}]}' if whole else head + found + b"{}]}"
