"""Sliding-window counters of outcomes by provider: what the report says of the last 15 s, 1 min, 1 h and 24 h.

A window is a ring of equal buckets, of which the newest is being filled: it covers its length less up to one bucket,
never more. So it sees between 14 and 15 s, 59 and 60 s, 59 and 60 min, 23 h 45 min and 24 h. Memory is bounded by the
buckets (232) times the providers (64).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from smtppool.api.outcomes import MAX_PROVIDERS, OTHER, Outcomes, ProviderOutcomes, WindowCounts, WindowName


@dataclass(slots=True)
class Cell:
    """Counts of one provider in one bucket or window; see `api.outcomes.WindowCounts`."""

    delivered: int = 0
    deferred: int = 0
    responses: int = 0
    response_ms: int = 0
    tls: int = 0
    bounced: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Cell", sign: int = 1) -> None:
        """Add the other's counts, or take them away with the sign -1."""
        self.delivered += sign * other.delivered
        self.deferred += sign * other.deferred
        self.responses += sign * other.responses
        self.response_ms += sign * other.response_ms
        self.tls += sign * other.tls
        for name, count in other.bounced.items():
            self.bounced[name] = self.bounced.get(name, 0) + sign * count

    def numbers(self) -> list[Any]:
        """For the file: five counts, then the bounces by class."""
        return [self.delivered, self.deferred, self.responses, self.response_ms, self.tls, dict(self.bounced)]

    @classmethod
    def of(cls, numbers: list[Any]) -> "Cell":
        """What `numbers` gave; ValueError for anything else."""
        delivered, deferred, responses, response_ms, tls, bounced = numbers
        if not all(isinstance(one, int) and one >= 0 for one in [*numbers[:-1], *bounced.values()]):
            raise ValueError("no counts")
        return cls(delivered, deferred, responses, response_ms, tls, dict(bounced))


Cells = dict[str, Cell]  # by provider


class Span(NamedTuple):
    """A window and the width of its buckets, in seconds."""

    name: WindowName
    length: int
    width: int


SPANS: Final = (
    Span(WindowName.BURST, 15, 1),
    Span(WindowName.MINUTE, 60, 1),
    Span(WindowName.HOUR, 3600, 60),
    Span(WindowName.DAY, 86400, 900),
)


class Ring:
    """One window. Times are seconds of the agent's log clock and never go back."""

    def __init__(self, span: Span) -> None:
        self.span = span
        self.total: Cells = {}
        self._buckets: dict[int, Cells] = {}

    def add(self, at: int, cells: Mapping[str, Cell], *, now: int) -> bool:
        """Count what happened at `at`; False if the window has passed it."""
        bucket = at // self.span.width
        if bucket <= self._last_gone(now):
            return False
        held = self._buckets.setdefault(bucket, {})
        for provider, cell in cells.items():
            held.setdefault(provider, Cell()).add(cell)
            self.total.setdefault(provider, Cell()).add(cell)
        return True

    def slide(self, now: int) -> bool:
        """Forget what the window has passed; whether that was anything."""
        gone = [bucket for bucket in self._buckets if bucket <= self._last_gone(now)]
        for bucket in gone:
            for provider, cell in self._buckets.pop(bucket).items():
                total = self.total[provider]
                total.add(cell, -1)
                if not any((total.delivered, total.deferred, total.responses, total.tls, *total.bounced.values())):
                    del self.total[provider]
        return bool(gone)

    def _last_gone(self, now: int) -> int:
        return now // self.span.width - self.span.length // self.span.width

    def dump(self) -> dict[str, dict[str, list[Any]]]:
        """Buckets by number, for the file."""
        return {str(at): {name: cell.numbers() for name, cell in held.items()} for at, held in self._buckets.items()}

    def restore(self, dumped: Mapping[str, Mapping[str, list[Any]]], *, now: int) -> None:
        """Take in what `dump` gave."""
        for bucket, held in dumped.items():
            at = int(bucket) * self.span.width
            self.add(min(at, now), {name: Cell.of(numbers) for name, numbers in held.items()}, now=now)


class Windows:
    """All windows of this agent. Used from one thread at a time."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._rings = tuple(Ring(span) for span in SPANS)
        self._known: set[str] = set()
        self._changed = True
        self.last_shown: Outcomes = ()

    def add(self, at: int, cells: Mapping[str, Cell]) -> None:
        """Count what happened in the second `at`; one in the future happened now."""
        now = self._clock()
        named: Cells = {}
        for provider, cell in cells.items():
            named.setdefault(self._named(provider), Cell()).add(cell)
        for ring in self._rings:
            self._changed |= ring.add(min(at, now), named, now=now)

    def shown(self) -> Outcomes:
        """What the report says now; the same object as long as nothing has changed."""
        now = self._clock()
        for ring in self._rings:
            self._changed |= ring.slide(now)
        if self._changed:
            self._changed, self.last_shown = False, tuple(self._providers())
        return self.last_shown

    def _named(self, provider: str) -> str:
        """Itself, or OTHER when a report would have no room for one more."""
        if provider not in self._known and len(self._known) < MAX_PROVIDERS - 1:
            self._known.add(provider)
        return provider if provider in self._known else OTHER

    def _providers(self) -> Iterator[ProviderOutcomes]:
        by_provider: dict[str, dict[WindowName, WindowCounts]] = {}
        for ring in self._rings:
            for provider, cell in ring.total.items():
                by_provider.setdefault(provider, {})[ring.span.name] = _counts(cell)
        for provider in sorted(by_provider):
            yield ProviderOutcomes(provider=provider, windows=by_provider[provider])

    def dump(self) -> dict[str, Any]:
        """For the file; numbers of buckets are of the clock's time."""
        return {ring.span.name.value: ring.dump() for ring in self._rings}

    def restore(self, dumped: Mapping[str, Any]) -> None:
        """Take in what `dump` gave; ValueError, TypeError, KeyError or AttributeError for anything else."""
        now = self._clock()
        for ring in self._rings:
            ring.restore(dumped[ring.span.name.value], now=now)
        self._changed = True


def _counts(cell: Cell) -> WindowCounts:
    bounced = {name: count for name, count in sorted(cell.bounced.items()) if count}
    return WindowCounts(
        delivered=cell.delivered,
        deferred=cell.deferred,
        bounced=bounced,
        responses=cell.responses,
        response_ms=cell.response_ms,
        tls=cell.tls,
    )
