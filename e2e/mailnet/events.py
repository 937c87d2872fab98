"""The record: every outcome that a sink gave, in order, with what the sender showed of itself.

This is the evidence of the end-to-end tests, so nothing is left out silently: past its capacity it counts what it
could not keep, and the readers refuse a record with losses.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """How an attempt ended, as the receiving side saw it."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"  # a 4xx was sent
    REJECTED = "rejected"  # a 5xx was sent
    STALLED = "stalled"  # by script: no answer will come
    CLOSED = "closed"  # by script: connection closed without an answer
    DROPPED = "dropped"  # the sender went away within a transaction


class Event(NamedTuple):
    """One outcome for one recipient, or for a session where no recipient was named yet."""

    seq: int
    wall: float  # seconds since the epoch
    mono: float  # seconds of the monotonic clock of the machine
    provider: str
    source: str
    session: int
    helo: str
    sender: str
    recipient: str
    message_id: str
    outcome: Outcome
    reply: str
    size: int
    tls: bool

    @property
    def domain(self) -> str:
        """The recipient's mail domain."""
        return self.recipient.rpartition("@")[2].lower()

    @property
    def code(self) -> str:
        """The reply code, empty where nothing was answered."""
        return self.reply[:3]


class Details(NamedTuple):
    """What a sink knows when it reports an outcome."""

    provider: str
    source: str
    session: int
    helo: str = ""
    sender: str = ""
    recipient: str = ""
    message_id: str = ""
    outcome: Outcome = Outcome.ACCEPTED
    reply: str = ""
    size: int = 0
    tls: bool = False


_DERIVED = ("domain", "code")
GROUPABLE = tuple(field for field in Event._fields if field not in {"seq", "wall", "mono"}) + _DERIVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which events a reader asks for; an empty field does not restrict."""

    since: float = 0.0  # wall clock
    after: int = -1  # sequence number
    message_id_prefix: str = ""
    provider: str = ""
    source: str = ""
    outcome: str = ""

    def admits(self, event: Event) -> bool:
        """Whether the event is asked for."""
        return (
            event.wall >= self.since
            and event.seq > self.after
            and (not self.provider or event.provider == self.provider)
            and (not self.source or event.source == self.source)
            and (not self.outcome or event.outcome == self.outcome)
            and event.message_id.lstrip("<").startswith(self.message_id_prefix)
        )


class EventLog:
    """All events since the last clear, in memory."""

    def __init__(
        self,
        *,
        capacity: int = 2_000_000,
        wall: Callable[[], float] = time.time,
        mono: Callable[[], float] = time.monotonic,
    ) -> None:
        self.events: list[Event] = []
        self.lost = 0
        self._capacity = capacity
        self._next = 0
        self._wall = wall
        self._mono = mono

    def add(self, details: Details) -> None:
        """Keep one outcome; sequence numbers go on after a clear."""
        if len(self.events) >= self._capacity:
            self.lost += 1
            return
        self.events.append(Event(self._next, self._wall(), self._mono(), *details))
        self._next += 1

    def clear(self) -> int:
        """Forget everything; returns how many events there were."""
        forgotten = len(self.events)
        self.events = []
        self.lost = 0
        return forgotten

    def select(self, wanted: Filter) -> Iterator[Event]:
        """The events asked for, oldest first, as of now."""
        return (event for event in self.events[:] if wanted.admits(event))


class Count(NamedTuple):
    """How many outcomes, and how many distinct (message id, recipient) among them: the rest are duplicates."""

    events: int
    distinct: int


class Tally:
    """Counts events by chosen fields; fed in portions so that a long record does not hold up the sinks."""

    def __init__(self, by: tuple[str, ...]) -> None:
        if unknown := set(by) - set(GROUPABLE):
            raise ValueError(f"cannot count by {sorted(unknown)}; use {GROUPABLE}")
        self.groups: Counter[tuple[str, ...]] = Counter()
        self._by = by
        self._messages: set[tuple[str, str]] = set()

    def add(self, event: Event) -> None:
        """Count one event."""
        self.groups[tuple(str(getattr(event, field)) for field in self._by)] += 1
        self._messages.add((event.message_id, event.recipient))

    @property
    def total(self) -> Count:
        """Over all groups."""
        return Count(self.groups.total(), len(self._messages))
