"""What a run of the load generator saw, and its report. Nothing is estimated: every attempt is in one of the counts."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import TypedDict


class Spread(TypedDict):
    """Milliseconds over all measured values."""

    count: int
    p50: float
    p90: float
    p99: float
    max: float


def spread(seconds: Sequence[float]) -> Spread:
    """Percentiles by nearest rank; zeros where nothing was measured."""
    ordered = sorted(seconds) or [0.0]

    def rank(part: float) -> float:
        return round(1000 * ordered[ceil(part * len(ordered)) - 1], 3)

    return Spread(count=len(seconds), p50=rank(0.5), p90=rank(0.9), p99=rank(0.99), max=round(1000 * ordered[-1], 3))


@dataclass(slots=True)
class Trouble:
    """One kind of error: how often, and when first and last (wall clock)."""

    count: int = 0
    first: float = 0.0
    last: float = 0.0

    def happened(self, now: float) -> None:
        """Once more."""
        self.first = self.first or now
        self.last = now
        self.count += 1


@dataclass(slots=True)
class Tallies:
    """Filled while the run goes on."""

    began_wall: float = field(default_factory=time.time)
    began: float = field(default_factory=time.monotonic)
    attempted: int = 0  # messages
    attempts: int = 0  # with retries
    acknowledged: int = 0
    failed: int = 0  # messages given up
    unanswered: int = 0  # content sent, connection lost before the reply: may have been accepted
    banner_waits: list[float] = field(default_factory=list)
    answer_waits: list[float] = field(default_factory=list)
    max_lag: float = 0.0  # behind the stated rate
    servers: Counter[str] = field(default_factory=Counter)
    domains: Counter[str] = field(default_factory=Counter)
    refusals: dict[tuple[str, str], Trouble] = field(default_factory=dict)
    breaks: dict[tuple[str, str], Trouble] = field(default_factory=dict)
    series: Counter[tuple[int, str]] = field(default_factory=Counter)

    def count(self, kind: str) -> None:
        """Count into the present second of the series."""
        self.series[int(time.monotonic() - self.began), kind] += 1

    def refused(self, step: str, text: str) -> None:
        """The server answered 4xx or 5xx."""
        self.refusals.setdefault((step, text), Trouble()).happened(time.time())
        self.count("refused")

    def broken(self, step: str, reason: str) -> None:
        """The connection gave no answer."""
        self.unanswered += step == "eom"
        self.breaks.setdefault((step, reason), Trouble()).happened(time.time())
        self.count("broken")

    @property
    def errors(self) -> int:
        """Refusals and broken connections."""
        return sum(trouble.count for kind in (self.refusals, self.breaks) for trouble in kind.values())

    def report(self) -> dict[str, object]:
        """The final document."""
        seconds = int(time.monotonic() - self.began) + 1
        kinds = ("acknowledged", "refused", "broken")
        return {
            "started": self.began_wall,
            "seconds": round(time.monotonic() - self.began, 3),
            "attempted": self.attempted,
            "attempts": self.attempts,
            "acknowledged": self.acknowledged,
            "failed": self.failed,
            "unanswered": self.unanswered,
            "errors": _troubles(self.refusals, "reply"),
            "connection_errors": _troubles(self.breaks, "reason"),
            "banner_wait_ms": spread(self.banner_waits),
            "answer_ms": spread(self.answer_waits),
            "max_lag_ms": round(1000 * self.max_lag, 3),
            "servers": dict(self.servers),
            "domains": dict(self.domains),
            "series": [{"second": n} | {kind: self.series[n, kind] for kind in kinds} for n in range(seconds)],
        }


def _troubles(kinds: dict[tuple[str, str], Trouble], text: str) -> list[dict[str, object]]:
    return [
        {"step": step, text: what, "count": trouble.count, "first": trouble.first, "last": trouble.last}
        for (step, what), trouble in sorted(kinds.items())
    ]
