"""Which member's pod is replaced next, so that a new template reaches all of them and the pool keeps sending.

One relay at a time, and only while no more than the allowed number is out, members that are out for other reasons
counted. A replaced member that does not come back stops the roll: a bad image takes one relay, not the pool.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from smtppool.api.units import parse_ratio

DRAIN_LIMIT = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class RollMember:
    """One member's pod. Deleted and paused members are not listed: they are not rolled."""

    name: str
    outdated: bool  # the pod's revision is not the StatefulSet's update revision
    ready: bool
    available: bool  # ready, and lanes open if it is meant to be in traffic; not while its health keeps it out
    terminating: bool
    draining_since: datetime | None  # it was picked then
    drained: bool  # 0 sessions, and every entry pod has stopped to choose it
    kept: bool = False  # not replaced now: its node takes no pods, or nothing can be decided about it
    unwell: bool = False  # its health alone keeps it out, for minutes or hours: that is no fault of a new template


class RollAction(Enum):
    """What happens to the picked member."""

    NONE = auto()
    DRAIN = auto()  # no new connections
    REPLACE = auto()  # delete the pod


@dataclass(frozen=True)
class RollDecision:
    """`waiting_for`: members that must come back first."""

    action: RollAction
    picked: str | None = None
    waiting_for: tuple[str, ...] = ()
    outdated: int = 0
    next_check: datetime | None = None


def allowed_out(max_unavailable: str, members: int) -> int:
    """`"30%"` or `"2"` as a number: rounded up, at least 1."""
    if not max_unavailable.endswith("%"):
        return max(1, int(max_unavailable))
    # Whole percents: integer arithmetic, as 0.07 * 100 is more than 7 in floating point.
    return max(1, -(-round(parse_ratio(max_unavailable) * 100) * members // 100))


def decide_roll(members: Collection[RollMember], *, max_unavailable: str, now: datetime) -> RollDecision:
    """Go on with the picked member, else pick one if the rule allows, else say who is waited for."""
    movable = (member for member in members if not (member.terminating or member.kept))
    outdated = sorted((member for member in movable if member.outdated), key=_order)
    if not outdated:
        held = tuple(sorted(member.name for member in members if member.outdated and member.kept))
        return RollDecision(RollAction.NONE, None, held, len(held))
    picked = outdated[0]
    out = tuple(sorted(member.name for member in members if not member.available and member.name != picked.name))
    settled = {member.name for member in members if not (member.outdated or member.kept or member.unwell)}
    updated_and_out = tuple(name for name in out if name in settled)
    replacing = tuple(member.name for member in members if member.terminating)
    limit = allowed_out(max_unavailable, len(members))
    if updated_and_out or replacing or len(out) + 1 > limit:
        return RollDecision(RollAction.NONE, None, updated_and_out or replacing or out, len(outdated))
    return _go_on(picked, len(outdated), now)


def _order(member: RollMember) -> tuple[bool, bool, str]:
    """A member that is picked stays picked; one that serves nobody costs nothing; then by name."""
    return member.draining_since is None, member.available, member.name


def _go_on(picked: RollMember, outdated: int, now: datetime) -> RollDecision:
    if not picked.ready:
        return RollDecision(RollAction.REPLACE, picked.name, (), outdated)
    if picked.draining_since is None:
        return RollDecision(RollAction.DRAIN, picked.name, (), outdated, now + DRAIN_LIMIT)
    deadline = picked.draining_since + DRAIN_LIMIT
    if picked.drained or now >= deadline:
        return RollDecision(RollAction.REPLACE, picked.name, (), outdated)
    return RollDecision(RollAction.DRAIN, picked.name, (), outdated, deadline)
