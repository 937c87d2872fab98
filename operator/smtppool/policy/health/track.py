"""Where one subject (a relay, or a relay at one provider) stands, and what it wishes to happen next.

Active -> Out -> Probation -> Active. Streaks are counted once a minute; a single look cuts only through a gate that is
proven. After a cut, evidence from before it is no longer looked at: else a return would end at once.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import NamedTuple

from smtppool.api.outcomes import Standing
from smtppool.policy.health.counters import Observation, Windows
from smtppool.policy.health.gates import Finding, Look
from smtppool.policy.health.settings import (
    FIRST_PAUSE,
    FORGIVEN_AFTER,
    LONGEST_PAUSE,
    LONGEST_PROBATION,
    LOOK_INTERVAL,
    LOOKS,
    Settings,
)


class Wish(Enum):
    """What the subject alone would do; the pool's rules may refuse a cut."""

    NONE = auto()
    CUT = auto()
    RETURN = auto()  # to probation
    RESTORE = auto()  # to the full weight


@dataclass(frozen=True, kw_only=True)
class Track:
    """All that is remembered of a subject. `cuts`: in a row, each doubles the pause.

    `serving_since`: on probation, since when it could take mail without a break; None: it cannot.
    """

    standing: Standing = Standing.ACTIVE
    since: datetime | None = None
    reason: str = ""
    message: str = ""
    judged_from: datetime | None = None
    serving_since: datetime | None = None
    counted_at: datetime | None = None
    bad: int = 0
    good: int = 0
    cuts: int = 0

    def at(self, now: datetime) -> "Track":
        """The same with no moment in the future, so that a clock that was set back stops nothing for long."""
        moments = (self.since, self.judged_from, self.serving_since, self.counted_at)
        if all(moment is None or moment <= now for moment in moments):
            return self
        since, judged_from, serving_since, counted_at = (moment and min(moment, now) for moment in moments)
        return replace(self, since=since, judged_from=judged_from, serving_since=serving_since, counted_at=counted_at)

    @property
    def back_at(self) -> datetime | None:
        """Earliest return; None unless out."""
        if self.standing is not Standing.OUT or self.since is None:
            return None
        return self.since + pause(self.cuts)

    def forgotten(self, now: datetime) -> bool:
        """Whether it is as good as none."""
        if self.standing is not Standing.ACTIVE or self.bad:
            return False
        return not self.cuts or self._forgiven(now)

    def _forgiven(self, now: datetime) -> bool:
        return self.standing is Standing.ACTIVE and self.since is not None and now - self.since >= FORGIVEN_AFTER

    def cut(self, reason: str, message: str, now: datetime) -> "Track":
        """Out of traffic from now on."""
        cuts = 1 if self._forgiven(now) else self.cuts + 1
        return _moved(Standing.OUT, reason, message, now, cuts=cuts)

    def returned(self, reason: str, message: str, now: datetime) -> "Track":
        """Back at a small weight, judged by what it does from now on."""
        return replace(_moved(Standing.PROBATION, reason, message, now, cuts=self.cuts), serving_since=now)

    def restored(self, now: datetime) -> "Track":
        """Back at the full weight; what it did on probation still counts."""
        fine = replace(self, standing=Standing.ACTIVE, since=now, reason="", message="")
        return fine.interrupted()

    def interrupted(self) -> "Track":
        """Without what must be seen in a row."""
        return replace(self, bad=0, good=0, serving_since=None)

    def tried(self, seen: Observation, now: datetime) -> "Track":
        """Probation is time in which mail could have come; counters that stand still are no proof of anything."""
        if self.standing is not Standing.PROBATION:
            return self
        if not seen.usable:
            return replace(self, good=0, serving_since=None)
        return replace(self, serving_since=self.serving_since or now)


class Step(NamedTuple):
    """The track after a look, its wish, and for a cut the reason."""

    track: Track
    wish: Wish = Wish.NONE
    finding: Finding | None = None


def pause(cuts: int) -> timedelta:
    """15 min, 30 min, ... 4 h."""
    doublings = min(max(cuts - 1, 0), 10)
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << doublings))


def fresh(windows: Windows, judged_from: datetime | None, now: datetime) -> Windows:
    """Windows that began after that moment."""
    if judged_from is None:
        return windows
    return tuple(window for window in windows if now - window.length >= judged_from)


def advance(track: Track, look: Look, seen: Observation, settings: Settings, now: datetime) -> Step:
    """Count the look if a minute has passed, and say what follows.

    Who could take no mail stays out: a return would only end a drain that goes on for good reason.
    """
    counted = _counted(track, look, settings, now).tried(seen, now)
    if counted.standing is Standing.OUT:
        over = counted.back_at is not None and now >= counted.back_at and counted.good >= LOOKS
        due = over and not look.findings and (seen.usable or seen.leaving)
        return Step(counted, Wish.RETURN if due else Wish.NONE)
    proven = next((finding for finding in look.findings if finding.at_once or counted.bad >= LOOKS), None)
    if proven is not None:
        return Step(counted, Wish.CUT, proven)
    if counted.standing is Standing.PROBATION and not look.findings and _passed(counted, look, now):
        return Step(counted, Wish.RESTORE)
    return Step(counted)


def _passed(track: Track, look: Look, now: datetime) -> bool:
    if track.good >= LOOKS:
        return True
    served = now - (track.serving_since or now)
    return look.score is None and track.bad == 0 and served >= LONGEST_PROBATION


def _counted(track: Track, look: Look, settings: Settings, now: datetime) -> Track:
    if track.counted_at is not None and now - track.counted_at < LOOK_INTERVAL:
        return track
    if look.findings:
        return replace(track, bad=track.bad + 1, good=0, counted_at=now)
    # Nothing bad is all that can be asked of a relay without traffic.
    unjudged = track.standing is Standing.OUT
    good = unjudged if look.score is None else look.score.value >= settings.restore_at
    return replace(track, bad=0, good=track.good + 1 if good else 0, counted_at=now)


def _moved(standing: Standing, reason: str, message: str, now: datetime, *, cuts: int) -> Track:
    return Track(
        standing=standing, since=now, reason=reason, message=message, judged_from=now, counted_at=now, cuts=cuts
    )
