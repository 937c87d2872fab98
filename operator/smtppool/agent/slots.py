"""Which runtime commands make HAProxy's slots hold the members: pure, so that every difference is a table in a test.

A member keeps the slot that has its address, so its counters and its place in the rotation survive; a new one takes a
free slot. All differences can be applied at runtime: nothing here may ever ask for a reload.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from smtppool.api import names
from smtppool.api.documents import Member, MemberState, Routing
from smtppool.render import haproxy

_MAINTENANCE = 0x01 | 0x02 | 0x20  # srv_admin_state; 0x04 only says that it once began as `disabled`
_DRAIN = 0x08 | 0x10
_CHECK_ENABLED = 0x04  # srv_check_state
_STOPPED = 0  # srv_op_state
_CHECK_KNOWN = 1  # srv_check_result above it: failed, passed


class State(StrEnum):
    """HAProxy's administrative states."""

    READY = "ready"
    DRAIN = "drain"
    MAINT = "maint"


class Slot(NamedTuple):
    """One server of a backend as HAProxy has it."""

    name: str
    address: str
    port: int
    weight: int
    state: State
    checks: bool = False  # health checks are enabled
    checked: bool = True  # a check has given a result
    up: bool = True  # as its checks and connections say

    @property
    def free(self) -> bool:
        """Whether a new member may take it."""
        return self.state is State.MAINT


class Wanted(NamedTuple):
    """One member as a backend must have it."""

    address: str
    port: int
    weight: int
    state: State
    checks: bool | None  # None: this backend has no checks


def read(rows: Iterable[dict[str, str]]) -> tuple[Slot, ...]:
    """Slots out of `show servers state <backend>`; static servers are left out."""
    return tuple(_slot(row) for row in rows if row["srv_name"].startswith(haproxy.SLOT))


def _slot(row: dict[str, str]) -> Slot:
    admin = int(row["srv_admin_state"])
    state = State.MAINT if admin & _MAINTENANCE else State.DRAIN if admin & _DRAIN else State.READY
    return Slot(
        name=row["srv_name"],
        address=row["srv_addr"],
        port=int(row["srv_port"]),
        weight=int(row["srv_uweight"]),
        state=state,
        checks=bool(int(row["srv_check_state"]) & _CHECK_ENABLED),
        checked=int(row["srv_check_result"]) > _CHECK_KNOWN,
        up=int(row["srv_op_state"]) != _STOPPED,
    )


def members(routing: Routing, *, own_address: str) -> tuple[Wanted, ...]:
    """What the backend `members` must hold: all of them, also those without weight. Only an entry pod checks."""
    checks = next((member.entry for member in routing.members if member.address == own_address), True)
    return tuple(_wanted(member, port=names.RELAY_PORT, checks=checks) for member in routing.members)


def peers(routing: Routing, *, own_address: str) -> tuple[Wanted, ...]:
    """What the backend `peers` must hold: others that are in traffic and take mail from peers."""
    return tuple(
        _wanted(member, port=names.HANDOVER_IN_PORT, checks=None)
        for member in routing.members
        if member.takes_over and member.address != own_address
    )


def _wanted(member: Member, *, port: int, checks: bool | None) -> Wanted:
    state = State.READY if member.state is MemberState.READY else State.DRAIN
    return Wanted(member.address, port, member.weight, state, checks)


def assign(slots: Sequence[Slot], wanted: Sequence[Wanted]) -> dict[str, Wanted]:
    """Slot name -> member. By address first, then free slots, never-used ones before others."""
    by_address = {slot.address: slot for slot in slots if slot.address and not _unused(slot)}
    placed = {by_address[one.address].name: one for one in wanted if one.address in by_address}
    rest = [one for one in wanted if one.address not in by_address]
    if not rest:
        return placed
    leaving = {one.address for one in wanted}
    open_slots = [slot for slot in slots if slot.name not in placed and (slot.free or slot.address not in leaving)]
    open_slots.sort(key=lambda slot: (not _unused(slot), not slot.free))
    return placed | {slot.name: one for slot, one in zip(open_slots, rest, strict=False)}


def _unused(slot: Slot) -> bool:
    return slot.port <= 1


def plan(backend: str, slots: Sequence[Slot], wanted: Sequence[Wanted]) -> list[str]:
    """Commands in an order that never leaves traffic without a server: who comes or gains first, who leaves last."""
    placed = assign(slots, wanted)
    coming: list[str] = []
    going: list[str] = []
    for slot in slots:
        one = placed.get(slot.name)
        server = f"{backend}/{slot.name}"
        if one is None:
            going += _remove(server, slot)
        elif one.weight < slot.weight or one.state is State.DRAIN:
            going += _change(server, slot, one)
        else:
            coming += _change(server, slot, one)
    return coming + going


def _remove(server: str, slot: Slot) -> list[str]:
    if slot.state is State.MAINT and slot.weight == 0:
        return []
    return [f"set server {server} state maint", f"set server {server} weight 0"]


def _change(server: str, slot: Slot, one: Wanted) -> list[str]:
    commands: list[str] = []
    moved = (slot.address, slot.port) != (one.address, one.port)
    if moved and slot.state is not State.MAINT:
        commands.append(f"set server {server} state maint")
    if moved:
        commands.append(f"set server {server} addr {one.address} port {one.port}")
    if slot.weight != one.weight:
        commands.append(f"set server {server} weight {one.weight}")
    toggled = one.checks is not None and slot.checks != one.checks
    if toggled and one.checks:
        commands.append(f"enable health {server}")
    if moved or slot.state is not one.state:
        commands.append(f"set server {server} state {one.state}")
    # Last: `state ready` ends the pause of maintenance only for checks that are enabled, and no later word does.
    if toggled and not one.checks:
        commands.append(f"disable health {server}")
    return commands


def after(slots: Sequence[Slot], wanted: Sequence[Wanted]) -> tuple[Slot, ...]:
    """The slots as they are once the plan is carried out; the next plan starts from here without reading again."""
    placed = assign(slots, wanted)
    return tuple(_applied(slot, placed.get(slot.name)) for slot in slots)


def _applied(slot: Slot, one: Wanted | None) -> Slot:
    if one is None:
        return slot if slot.state is State.MAINT and not slot.weight else slot._replace(state=State.MAINT, weight=0)
    same = slot.address == one.address and slot.state is not State.MAINT
    return slot._replace(
        address=one.address,
        port=one.port,
        weight=one.weight,
        state=one.state,
        checks=slot.checks if one.checks is None else one.checks,
        checked=slot.checked and same,
    )
