"""The score of a relay, 0-100: 40 delivery, 30 bounces, 15 response time, 15 uptime, by default.

Linear parts could never fire: 10 % bounces would still score 93. So each part is piecewise and reaches 0 where a relay
is of no use. Rates enter with the Wilson bound in the relay's favour: a score says what is proven, not what is feared.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from math import floor
from typing import Final, NamedTuple

from smtppool.policy.health import wilson
from smtppool.policy.health.counters import Counts, ExternalSignal, Windows
from smtppool.policy.health.settings import LIST_QUALITY_SHARE, SCORE_Z, Settings
from smtppool.policy.verdict import quoted

Curve = tuple[tuple[float, float], ...]  # (value, sub-score), values ascending

BOUNCE: Final[Curve] = ((1 / 3, 100), (5 / 3, 0))
"""In units of `maxBounceRate`: 100 at 1 % and less, 0 at 5 % and more for the default of 3 %. SES reviews at 5 %."""
UNDELIVERED: Final[Curve] = ((1 / 3, 100), (5 / 3, 50), (5, 0))
"""In the same units: 100 at 99 % delivered, 50 at 95 %, 0 at 85 %. Own choice: with the bounce curve the score falls
below 70 at 3.4 % of bounces, so it agrees with the gate."""
RESPONSE_SECONDS: Final[Curve] = ((3, 100), (30, 0))
"""Own choice: a transaction with TLS takes 1-3 s; lanes give up after 20-60 s."""
DOWNTIME: Final[Curve] = ((0.001, 100), (0.05, 0))
"""Own choice: 99.9 % up is 100, 95 % is 0."""


class Score(NamedTuple):
    """A score and what it is made of; a part that is None was not evaluated, and its weight fell to the others."""

    value: float
    delivery: float | None = None
    bounce: float | None = None
    response_time: float | None = None
    uptime: float | None = None
    external: ExternalSignal | None = None  # the signal that lowered it
    window: str | None = None

    @property
    def shown(self) -> int:
        """Rounded down, so that 69.7 is not told as 70."""
        return floor(self.value + 1e-9)

    @property
    def parts(self) -> str:
        """`delivery 62, bounce 25, response time 100, uptime 100`."""
        named = {
            "delivery": self.delivery,
            "bounce": self.bounce,
            "response time": self.response_time,
            "uptime": self.uptime,
        }
        told = [f"{name} {floor(value + 1e-9)}" for name, value in named.items() if value is not None]
        if self.external is not None:
            told.append(f"external signal {floor(self.external.value)} from {quoted(self.external.source, limit=60)}")
        return ", ".join(told)


def on_curve(value: float, curve: Curve) -> float:
    """Linear between the points, level outside."""
    if value <= curve[0][0]:
        return curve[0][1]
    for (left, high), (right, low) in pairwise(curve):
        if value <= right:
            return high + (low - high) * (value - left) / (right - left)
    return curve[-1][1]


def score(
    windows: Windows, *, uptime: float | None, signals: Iterable[ExternalSignal], settings: Settings, now: datetime
) -> Score | None:
    """The worst over all windows with `minSamples`; None while nothing can be said.

    Uptime alone says nothing about deliverability and makes no score; an external signal alone does.
    """
    scores = [
        _of(window.counts, uptime=uptime, settings=settings)._replace(window=window.name)
        for window in windows
        if window.counts.judged >= settings.min_samples
    ]
    worst = min(scores, key=lambda found: found.value, default=None)
    holding = [signal for signal in signals if signal.holds(now)]
    lowest = min(holding, key=lambda signal: signal.value, default=None)
    if lowest is None or (worst is not None and lowest.value >= worst.value):
        return worst
    value = min(100.0, max(0.0, lowest.value))
    return (worst or Score(value))._replace(value=value, external=lowest)


def _of(counts: Counts, *, uptime: float | None, settings: Settings) -> Score:
    unit = settings.max_bounce_rate
    failed = counts.charged + LIST_QUALITY_SHARE * counts.list_quality
    undelivered = wilson.lower(failed, counts.delivered + failed, SCORE_Z)
    bounced = wilson.lower(counts.charged, counts.judged, SCORE_Z)
    parts = (
        _scaled(undelivered, unit, UNDELIVERED),
        _scaled(bounced, unit, BOUNCE),
        on_curve(counts.response_seconds / counts.responses, RESPONSE_SECONDS) if counts.responses else None,
        None if uptime is None else on_curve(1 - uptime, DOWNTIME),
    )
    weights = settings.weights
    shares = (weights.delivery, weights.bounce, weights.response_time, weights.uptime)
    known = [(part, share) for part, share in zip(parts, shares, strict=True) if part is not None]
    whole = sum(share for _, share in known)
    value = sum(part * share for part, share in known) / whole if whole else 100.0
    return Score(value, *parts)


def _scaled(share: float, unit: float, curve: Curve) -> float:
    """Sub-score of a share measured in `unit`."""
    return on_curve(share / unit, curve)
