"""Differences between HAProxy's slots and the routing, as tables: what is held, what is wanted, which commands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.agent import slots
from smtppool.agent.slots import Slot, State, Wanted
from smtppool.api.documents import Member, MemberState, Routing, SubmissionRule

SUBMISSION = SubmissionRule(max_message_size=1, max_recipients=1)


def unused(number: int) -> Slot:
    return Slot(f"slot{number}", "127.0.0.1", 1, 0, State.MAINT, checks=True, checked=False)


def held(number: int, address: str, weight: int, state: State = State.READY) -> Slot:
    return Slot(f"slot{number}", address, 10024, weight, state, checks=True)


def wanted(address: str, weight: int, state: State = State.READY, *, checks: bool | None = True) -> Wanted:
    return Wanted(address, 10024, weight, state, checks)


A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3"

CASES = {
    "nothing to do": ([held(1, A, 5)], [wanted(A, 5)], []),
    "a first member": (
        [unused(1), unused(2)],
        [wanted(A, 5)],
        [
            "set server b/slot1 addr 10.0.0.1 port 10024",
            "set server b/slot1 weight 5",
            "set server b/slot1 state ready",
        ],
    ),
    "a weight alone": ([held(1, A, 5)], [wanted(A, 7)], ["set server b/slot1 weight 7"]),
    "who gains comes before who loses": (
        [held(1, A, 5), held(2, B, 0)],
        [wanted(A, 0), wanted(B, 5)],
        ["set server b/slot2 weight 5", "set server b/slot1 weight 0"],
    ),
    "a drained member": (
        [held(1, A, 5)],
        [wanted(A, 5, State.DRAIN)],
        ["set server b/slot1 state drain"],
    ),
    "back from drain": (
        [held(1, A, 5, State.DRAIN)],
        [wanted(A, 5)],
        ["set server b/slot1 state ready"],
    ),
    "a member that left": (
        [held(1, A, 5), held(2, B, 5)],
        [wanted(B, 5)],
        ["set server b/slot1 state maint", "set server b/slot1 weight 0"],
    ),
    "a replaced pod keeps out of the old slot": (
        [held(1, A, 5), unused(2)],
        [wanted(B, 5)],
        [
            "set server b/slot2 addr 10.0.0.2 port 10024",
            "set server b/slot2 weight 5",
            "set server b/slot2 state ready",
            "set server b/slot1 state maint",
            "set server b/slot1 weight 0",
        ],
    ),
    "with all slots taken the one that leaves is used": (
        [held(1, A, 5)],
        [wanted(B, 6)],
        [
            "set server b/slot1 state maint",
            "set server b/slot1 addr 10.0.0.2 port 10024",
            "set server b/slot1 weight 6",
            "set server b/slot1 state ready",
        ],
    ),
    "a former member returns to its slot": (
        [unused(1), held(2, B, 0, State.MAINT)],
        [wanted(B, 5)],
        ["set server b/slot2 weight 5", "set server b/slot2 state ready"],
    ),
    "a first member, and no entry: checks that are shut off before the state would stay paused for ever": (
        [unused(1)],
        [wanted(A, 5, checks=False)],
        [
            "set server b/slot1 addr 10.0.0.1 port 10024",
            "set server b/slot1 weight 5",
            "set server b/slot1 state ready",
            "disable health b/slot1",
        ],
    ),
    "no longer an entry": ([held(1, A, 5)], [wanted(A, 5, checks=False)], ["disable health b/slot1"]),
    "a backend without checks": ([held(1, A, 5)], [wanted(A, 5, checks=None)], []),
}


@pytest.mark.parametrize(("before", "after", "commands"), CASES.values(), ids=CASES)
def test_plan(before: list[Slot], after: list[Wanted], commands: list[str]) -> None:
    assert slots.plan("b", before, after) == commands


addresses = st.sampled_from([f"10.0.0.{number}" for number in range(1, 7)])
members = st.lists(
    st.builds(wanted, addresses, st.integers(0, 256), st.sampled_from([State.READY, State.DRAIN])),
    max_size=6,
    unique_by=lambda one: one.address,
)


@given(st.lists(members, min_size=1, max_size=6))
def test_any_sequence_of_routings_ends_where_it_should(steps: list[list[Wanted]]) -> None:
    now: tuple[Slot, ...] = tuple(unused(number) for number in range(1, 8))
    for step in steps:
        now = slots.after(now, step)
        assert slots.plan("b", now, step) == []
    in_use = {slot.address: (slot.weight, slot.state) for slot in now if slot.state is not State.MAINT}
    assert in_use == {one.address: (one.weight, one.state) for one in steps[-1]}
    assert all(slot.weight == 0 for slot in now if slot.state is State.MAINT)


def member(number: int, weight: int, **fields: object) -> Member:
    return Member.model_validate({"name": f"mx{number}", "address": f"10.0.0.{number}", "weight": weight, **fields})


def test_peers_are_others_in_traffic_that_take_mail() -> None:
    routing = Routing(
        pool="p",
        members=(
            member(1, 5),
            member(2, 5),
            member(3, 0),
            member(4, 5, state=MemberState.DRAIN),
            member(5, 5, handover=False),
        ),
        submission=SUBMISSION,
    )
    assert [one.address for one in slots.peers(routing, own_address="10.0.0.1")] == ["10.0.0.2"]


@pytest.mark.parametrize(("own_address", "checks"), [("10.0.0.1", True), ("10.0.0.2", False), ("10.0.0.9", True)])
def test_only_an_entry_checks(own_address: str, checks: bool) -> None:
    routing = Routing(pool="p", members=(member(1, 5), member(2, 5, entry=False)), submission=SUBMISSION)
    assert {one.checks for one in slots.members(routing, own_address=own_address)} == {checks}


def test_a_row_of_show_servers_state() -> None:
    row = {
        "srv_name": "slot7",
        "srv_addr": "10.0.0.7",
        "srv_port": "10024",
        "srv_uweight": "9",
        "srv_op_state": "0",
        "srv_admin_state": "12",
        "srv_check_state": "6",
        "srv_check_result": "3",
    }
    rotor = row | {"srv_name": "rotor"}
    assert slots.read([row, rotor]) == (Slot("slot7", "10.0.0.7", 10024, 9, State.DRAIN, checks=True, up=False),)
