"""Which members leave a cordoned node now, so that their queues are elsewhere before somebody drains it.

Members that serve go one after the other and only as far as the pool can spare them; those that serve nobody cost
nothing and go at once. One that left comes back while too few serve: a cordon never empties a pool. So do those that
are of use again and are more than may be out: for a moment nobody may have served, and all of them were let go.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from smtppool.api.cordoned import CordonRule
from smtppool.policy.rolling import allowed_out
from smtppool.policy.verdict import listed

_NAMED = 4  # in a message, which the status has room for


@dataclass(frozen=True, kw_only=True)
class CordonMember:
    """One member of the pool; `node` is set where its pod runs on a cordoned node that it may be asked to leave."""

    name: str
    node: str | None
    moves: bool  # another node could run it
    serves: bool  # it is in traffic and ready, or would be if it were not leaving
    leaving: bool  # it was asked before
    busy: bool  # others wait for it: its queue is on its way, or it moves
    wished_out: bool  # its user does not want it in the traffic: so it is not unavailable


class Stay(NamedTuple):
    """What is decided of one member on a cordoned node; any rule but `LEAVES` keeps it in traffic."""

    name: str
    node: str
    rule: CordonRule
    message: str = ""


def decide_cordons(members: Collection[CordonMember], *, min_available: int, max_unavailable: str) -> tuple[Stay, ...]:
    """One entry for each member on a cordoned node, by name."""
    room = _Room(tuple(members), min_available, max_unavailable)
    leaving = room.begun()
    leaving |= {one.name for one in members if one.node is not None and not one.serves}
    stays: dict[str, Stay] = {}
    for candidate in sorted(members, key=_order):
        if candidate.node is None or candidate.name in leaving:
            continue
        refused = next(room.refusals(candidate, leaving), None)
        if refused is None:
            leaving |= {candidate.name}
        else:
            stays[candidate.name] = Stay(candidate.name, candidate.node, *refused)
    on_cordoned = sorted((one for one in members if one.node is not None), key=lambda one: one.name)
    return tuple(stays.get(one.name) or Stay(one.name, one.node or "", CordonRule.LEAVES) for one in on_cordoned)


def _order(member: CordonMember) -> tuple[bool, str]:
    """First those that come back by themselves, as others may follow them."""
    return not member.moves, member.name


@dataclass(frozen=True)
class _Room:
    """The members, and what may be taken from them."""

    members: tuple[CordonMember, ...]
    min_available: int
    max_unavailable: str

    def begun(self) -> set[str]:
        """Who was asked before and goes on.

        While too few serve, or too many left, those that are of use stay, first who cannot move.
        """
        asked = {one.name for one in self.members if one.leaving and one.node is not None}
        useful = sorted((one for one in self.members if one.name in asked and one.serves), key=_order, reverse=True)
        missing = max(1, self.min_available) - len(self._serving(asked))
        surplus = len(useful) - allowed_out(self.max_unavailable, self._wanted)
        return asked - {one.name for one in useful[: max(0, missing, surplus)]}

    def refusals(self, candidate: CordonMember, leaving: set[str]) -> Iterator[tuple[CordonRule, str]]:
        """Why a member that serves stays, the gravest first."""
        left, count = len(self._serving(leaving | {candidate.name})), self._wanted
        if not left:
            yield CordonRule.LAST_MEMBER, "no other member would be in traffic"
        if left < self.min_available:
            yield CordonRule.MIN_AVAILABLE, f"{left} members would be in traffic, minAvailable is {self.min_available}"
        if count - left > allowed_out(self.max_unavailable, count):
            told = f"{count - left} of {count} members would be out, maxUnavailable is {self.max_unavailable}"
            yield CordonRule.MAX_UNAVAILABLE, told
        picked = [one for one in self.members if one.name in leaving and one.serves and not one.leaving]
        ahead = {one.name for one in self.members if one.name in leaving and one.busy} | {one.name for one in picked}
        if ahead:
            yield CordonRule.ONE_AT_A_TIME, f"goes after {listed(sorted(ahead), most=_NAMED)}"

    @property
    def _wanted(self) -> int:
        return sum(not one.wished_out for one in self.members)

    def _serving(self, leaving: set[str]) -> set[str]:
        return {one.name for one in self.members if one.serves} - leaving
