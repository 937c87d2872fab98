"""Counts a queue from the output of `postqueue -j`, piece by piece: a queue of any length takes the same memory.

One line is one message. Of a line that is longer than LONGEST only the head is kept; all but its later recipients
stands there.
"""

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from smtppool.agent.logclock import rfc3339
from smtppool.agent.logcounts import SIZE_BOUNDS, Distribution
from smtppool.api.documents import QueueDepth
from smtppool.api.outcomes import MAX_PROVIDERS, OTHER
from smtppool.api.queue_details import ProviderQueue
from smtppool.policy import profiles

COUNTED: Final = ("incoming", "active", "deferred", "hold")
LONGEST: Final = 256 * 1024  # bytes: 1,000 recipients, each with the reply that deferred it

AGE_BOUNDS: Final = (1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8)  # of kumina/postfix_exporter

_ALIASES: Final = {"maildrop": "incoming"}
_NO_SENDER: Final = "MAILER-DAEMON"  # how an empty sender is listed; Postfix adds a domain to any other
_RECIPIENTS: Final = b'"recipients": ['


ProviderOf = Callable[[str], str]  # of a mail domain


_of_profiles: Final = partial(profiles.provider, None)


class ListingError(Exception):
    """It is no listing of a queue."""


class Waiting:
    """Some of the messages: how many, and since when the oldest and the newest wait, in seconds of the wall clock."""

    __slots__ = ("messages", "newest", "oldest")

    def __init__(self) -> None:
        self.messages = 0
        self.oldest: int | None = None
        self.newest: int | None = None

    def count(self, arrival: int | None) -> None:
        """One more."""
        self.messages += 1
        if arrival is not None:
            self.oldest = min(arrival, self.oldest if self.oldest is not None else arrival)
            self.newest = max(arrival, self.newest if self.newest is not None else arrival)


class Listing:
    """Messages by queue and by provider. An entry without recipients is delivered, and only waits for its removal."""

    def __init__(self, provider_of: ProviderOf = _of_profiles, *, now: float | None = None) -> None:
        self.messages = dict.fromkeys(COUNTED, 0)
        self.ages = {queue: Distribution(AGE_BOUNDS) for queue in COUNTED}
        self.sizes = {queue: Distribution(SIZE_BOUNDS) for queue in COUNTED}
        self.all = Waiting()
        self.bounces = Waiting()
        self.providers: dict[str, Waiting] = {}
        self._provider_of = provider_of
        self._now = time.time() if now is None else now
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

    def depth(self, *, corrupt: int) -> QueueDepth:
        """As a report has it."""
        providers = tuple(
            ProviderQueue(provider=name, messages=one.messages, oldest_arrival=_moment(one.oldest))
            for name, one in sorted(self.providers.items())
        )
        return QueueDepth(
            **self.messages,
            corrupt=corrupt,
            oldest_arrival=_moment(self.all.oldest),
            providers=providers,
            bounces=self.bounces.messages,
            newest_bounce=_moment(self.bounces.newest),
        )

    def _keep(self, part: bytes) -> None:
        room = LONGEST - len(self._line)
        self._line += part[:room]
        self._cut = self._cut or len(part) > room

    def _count(self, entry: dict[str, Any]) -> None:
        queue = _ALIASES.get(entry["queue_name"], entry["queue_name"])
        if not entry["recipients"] or queue not in self.messages:
            return
        arrival = entry.get("arrival_time")
        self.messages[queue] += 1
        self.all.count(arrival)
        if entry.get("sender") == _NO_SENDER and queue != "hold":
            self.bounces.count(arrival)
        if arrival is not None:
            self.ages[queue].observe(max(0.0, self._now - arrival))
        self.sizes[queue].observe(entry.get("message_size", 0))
        for provider in {self._provider(one.get("address", "")) for one in entry["recipients"]}:
            self.providers.setdefault(provider, Waiting()).count(arrival)

    def _provider(self, address: str) -> str:
        name = self._provider_of(address.rpartition("@")[2])
        return name if name in self.providers or len(self.providers) < MAX_PROVIDERS - 1 else OTHER


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


def _moment(seconds: int | None) -> str | None:
    return rfc3339(seconds) if seconds is not None else None
