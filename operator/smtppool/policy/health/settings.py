"""Thresholds of a health decision: those of the pool's spec, and the constants that no spec states, with their source.

"Own choice" marks a number without a published source; the simulator shows what it does.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from smtppool.api.pool_health import Health, HealthAction, HealthWeights
from smtppool.api.smtppool import Availability, Mode
from smtppool.api.units import parse_ratio

GATE_Z: Final = 4.0
"""Standard deviations of the Wilson bound that lets a gate act at once. Own choice: ten members look at a dozen
subjects a second in four windows, so one look in 30,000 may be wrong by chance and not one in 40."""
LIKELY_Z: Final = 1.645
"""The same for a bounce gate that needs several looks in a row: 95 % one-sided, the usual meaning of "likely"."""
LIKELY_BOUNCES: Final = 10
"""Bounces that the likely gate needs as well. Own choice: four of 50 are past its bound and too often chance."""
SCORE_Z: Final = 1.96
"""The same for scores, which need several looks in a row: the usual 95 % interval."""
LIST_QUALITY_SHARE: Final = 0.1
"""What a list-quality bounce costs of a bounce of the relay. Own choice: they "count little"; with a tenth, a list
purge of 10 % costs as much as 1 % of bounces, which is hardly anything."""
MAX_COMPLAINT_RATE: Final = 0.003
"""Gmail's sender guidelines: never reach 0.30 %."""
MAX_DEFERRAL_RATE: Final = 0.5
"""Own choice: greylisting of first attempts stays below, a provider that throttles everything is above."""
AGREEING_DEFERRALS: Final = 0.25
"""Deferral rate at which a member agrees with one that is past the limit. Own choice: half of it, as a provider in
trouble defers everybody's mail, and chance lets one member cross the limit before the others."""
AGREEING_SAMPLES: Final = 10
"""Samples (and two hits) that agree. Own choice: fewer than a cut needs, as a peer with a little less mail would else
seem to contradict."""
LOOKS: Final = 3
"""Looks in a row, a minute apart, for a score or deferral to cut, and for a return: three windows of a minute."""
LOOK_INTERVAL: Final = timedelta(minutes=1)
SPACING: Final = timedelta(minutes=1)
"""Between actions on different members. Own choice: one window that shows the load which a cut moved to its peers."""
FIRST_PAUSE: Final = timedelta(minutes=15)
"""Out of traffic after a first cut; doubled by each further one. Shortest suspension in KumoMTA's shipped rules."""
LONGEST_PAUSE: Final = timedelta(hours=4)
"""Longest suspension in the same rules, and Momentum's default."""
FORGIVEN_AFTER: Final = timedelta(days=1)
"""Own choice: active for the longest window without a cut, a next cut is a first one again."""
PROBATION_SHARE: Final = 0.1
"""Part of the weight on probation. Own choice: enough for `minSamples` within minutes, a tenth of the harm."""
LONGEST_PROBATION: Final = timedelta(hours=1)
"""Own choice: with too few samples for a judgement and nothing bad for so long, probation ends."""
FREEZE_MEMBERS: Final = 3
"""Members that must agree before "all are bad" blames something else than the members."""
FREEZE_LIMIT: Final = timedelta(minutes=30)
"""How long that belief keeps bad members in traffic. Own choice: two of the shortest pauses."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Rates are shares 0..1, scores 0..100. `max_unavailable` as in the spec: `"2"` or `"30%"`."""

    weights: HealthWeights
    remove_below: int
    restore_at: int
    min_samples: int
    max_bounce_rate: float
    action: HealthAction
    min_available: int
    max_unavailable: str
    observe: bool

    @classmethod
    def of(cls, health: Health, availability: Availability, mode: Mode) -> "Settings":
        """The settings of a pool whose spec was accepted."""
        return cls(
            weights=health.weights,
            remove_below=health.remove_below,
            restore_at=health.restore_at,
            min_samples=health.min_samples,
            max_bounce_rate=parse_ratio(health.max_bounce_rate),
            action=health.action,
            min_available=availability.min_available,
            max_unavailable=availability.max_unavailable,
            observe=mode is Mode.OBSERVE,
        )
