"""Sliding windows over steps of outcomes, as an agent would report them."""

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

from smtppool.policy.health.counters import BURST, DAY, HOUR, MINUTE, Counts, Window, Windows

WITHOUT_BURST = (MINUTE, HOUR, DAY)
LENGTHS = (BURST, *WITHOUT_BURST)


@dataclass
class _Sum:
    steps: int  # length of the window
    delivered: int = 0
    deferred: int = 0
    responses: int = 0
    seconds: float = 0.0
    bounced: dict[str, int] = field(default_factory=dict)

    def add(self, counts: Counts, sign: int) -> None:
        self.delivered += sign * counts.delivered
        self.deferred += sign * counts.deferred
        self.responses += sign * counts.responses
        self.seconds += sign * counts.response_seconds
        for name, count in counts.bounced.items():
            self.bounced[name] = self.bounced.get(name, 0) + sign * count

    def counts(self) -> Counts:
        return Counts(
            delivered=self.delivered,
            deferred=self.deferred,
            bounced=dict(self.bounced),
            responses=self.responses,
            response_seconds=max(0.0, self.seconds) if self.responses else 0.0,
        )


class Sliding:
    """The windows of one member at one provider; `push` once a step."""

    def __init__(self, step: timedelta, lengths: tuple[timedelta, ...] = LENGTHS) -> None:
        """ValueError for a step that is no whole part of each window."""
        if any(length % step for length in lengths):
            raise ValueError(f"a step of {step.total_seconds():g} s does not divide every window")
        self._lengths = lengths
        self._sums = tuple(_Sum(length // step) for length in lengths)
        self._bins: deque[Counts] = deque(maxlen=max(total.steps for total in self._sums))

    def push(self, counts: Counts) -> None:
        """Add a step, and let each window forget the one that left it."""
        for total in self._sums:
            if len(self._bins) >= total.steps:
                total.add(self._bins[-total.steps], -1)
            total.add(counts, +1)
        self._bins.append(counts)

    def windows(self) -> Windows:
        """Shortest first."""
        return tuple(Window(length, total.counts()) for length, total in zip(self._lengths, self._sums, strict=True))
