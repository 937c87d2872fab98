"""Whether the pool can spare a member now: the rules that stand above health, in their order.

Health alone never empties a pool. Members that are barred for other reasons, or dead, are out all the same and count
as out, but for those that their users want out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from smtppool.api.outcomes import Standing
from smtppool.policy.health.decision import Freeze, PoolState, Refusal, Rule
from smtppool.policy.health.examine import Examined, Subject
from smtppool.policy.health.gates import Cause
from smtppool.policy.health.settings import FREEZE_LIMIT, FREEZE_MEMBERS, SPACING, Settings
from smtppool.policy.health.track import Track
from smtppool.policy.rolling import allowed_out

OF_ONE_ADDRESS = frozenset({Cause.LISTED, Cause.PTR})
"""Facts about an address: that all have them does not make them doubtful."""


@dataclass(frozen=True)
class Room:
    """The members at one moment, and what may be taken from them. `held`: why no decision can be recorded now."""

    members: Mapping[str, Examined]
    settings: Settings
    now: datetime
    held: str | None = None

    def serving(self, provider: str | None) -> frozenset[str]:
        """Members that take mail, at that provider if one is named."""
        return frozenset(name for name in self.members if self.serves(Subject(name, provider)))

    def serves(self, subject: Subject) -> bool:
        """In traffic, and there."""
        return self.stands(subject) and self.members[subject.server].observation.alive

    def stands(self, subject: Subject) -> bool:
        """In traffic as far as decisions go, probation included."""
        found = self.members[subject.server]
        if found.observation.barred is not None or found.state.relay.standing is Standing.OUT:
            return False
        return subject.provider is None or self.track(subject).standing is not Standing.OUT

    def track(self, subject: Subject) -> Track:
        """Where a subject stands."""
        state = self.members[subject.server].state
        return state.relay if subject.provider is None else state.providers.get(subject.provider, Track())

    def floor(self) -> int:
        """Members that health leaves in traffic, as far as there are so many that could be."""
        usable = sum(self.usable(name) for name in self.members)
        return min(usable, max(1, self.settings.min_available))

    def usable(self, name: str) -> bool:
        """Whether nothing but its health can keep it from taking mail."""
        return self.members[name].observation.usable

    def wanted(self) -> frozenset[str]:
        """Members that their users want in the traffic: only these can be unavailable."""
        return frozenset(name for name, found in self.members.items() if not found.observation.wished_out)

    def refusal(self, subject: Subject, cause: Cause, before: PoolState) -> Refusal | None:
        """Why this cut is not made now; None if it may be."""
        return next(self._refusals(subject, cause, before), None)

    def all_bad(self, provider: str | None, cause: Cause) -> int:
        """How many members show the same, if these are all of whom anything is known, and enough; else 0."""
        if cause in OF_ONE_ADDRESS:
            return 0
        looks = [
            found.looks.get(provider) for name, found in self.members.items() if self.stands(Subject(name, provider))
        ]
        known = [look for look in looks if look is not None and (look.score is not None or look.suspected)]
        agree = len(known) >= FREEZE_MEMBERS and all(cause in look.suspected for look in known)
        return len(known) if agree else 0

    def _refusals(self, subject: Subject, cause: Cause, before: PoolState) -> Iterator[Refusal]:
        settings = self.settings
        others = self.serving(subject.provider) - {subject.server}
        if not others:
            yield Refusal(Rule.LAST_MEMBER, subject, "the last member in traffic stays, whatever its health")
        if len(others) < settings.min_available:
            told = f"{len(others)} members would be in traffic, minAvailable is {settings.min_available}"
            yield Refusal(Rule.MIN_AVAILABLE, subject, told)
        since = min(before.frozen.get((subject.provider, cause), Freeze(self.now)).since, self.now)
        if (agreeing := self.all_bad(subject.provider, cause)) and self.now < since + FREEZE_LIMIT:
            told = f"all {agreeing} members show {cause}: the cause is hardly a member"
            yield Refusal(Rule.ALL_BAD, subject, told, since + FREEZE_LIMIT)
        wanted = self.wanted()
        out, allowed = len(wanted - others), allowed_out(settings.max_unavailable, len(wanted))
        if out > allowed:
            told = f"{out} of {len(wanted)} members would be out, maxUnavailable allows {allowed}"
            yield Refusal(Rule.MAX_UNAVAILABLE, subject, told)
        if (until := spaced_until(before, subject.server, self.now)) is not None:
            told = f"{before.acted_on} was acted on less than {SPACING.total_seconds():.0f} s ago"
            yield Refusal(Rule.SPACING, subject, told, until)
        if self.held is not None:
            yield Refusal(Rule.NOT_RECORDED, subject, self.held)


def spaced_until(before: PoolState, server: str, now: datetime) -> datetime | None:
    """When the next action on another member than the last one may follow; None for now."""
    if before.acted_at is None or before.acted_on == server:
        return None
    until = before.acted_at + SPACING
    return until if now < until else None
