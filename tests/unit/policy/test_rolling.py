"""A roll: one at a time, within what may be out, stopped by a member that does not come back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from smtppool.policy.rolling import DRAIN_LIMIT, RollAction, RollMember, allowed_out, decide_roll
from tests.unit.policy.facts import NOW, roll_member

DRAINING = {"draining_since": NOW - timedelta(seconds=5)}
GONE: dict[str, Any] = {"outdated": False, "ready": False, "available": False}
CURRENT = {"outdated": False}


@pytest.mark.parametrize(
    ("text", "members", "allowed"),
    [
        ("30%", 3, 1),
        ("30%", 4, 2),
        ("7%", 100, 7),
        ("0%", 10, 1),
        ("100%", 3, 3),
        ("0", 5, 1),
        ("2", 5, 2),
        ("30%", 0, 1),
    ],
)
def test_allowed_is_rounded_up_and_at_least_one(text: str, members: int, allowed: int) -> None:
    assert allowed_out(text, members) == allowed


CASES: list[tuple[str, list[RollMember], RollAction, str | None, tuple[str, ...]]] = [
    ("nothing to do", [roll_member("a", **CURRENT)], RollAction.NONE, None, ()),
    ("first by name", [roll_member("b"), roll_member("a")], RollAction.DRAIN, "a", ()),
    ("goes on", [roll_member("a"), roll_member("b", **DRAINING)], RollAction.DRAIN, "b", ()),
    ("drained", [roll_member("a", drained=True, **DRAINING)], RollAction.REPLACE, "a", ()),
    (
        "sessions do not end",
        [roll_member("a", draining_since=NOW - DRAIN_LIMIT)],
        RollAction.REPLACE,
        "a",
        (),
    ),
    (
        "a dead one first",
        [roll_member("a"), roll_member("b", ready=False, available=False)],
        RollAction.REPLACE,
        "b",
        (),
    ),
    ("waits for the last one", [roll_member("a", **GONE), roll_member("b")], RollAction.NONE, None, ("a",)),
    (
        "waits for a terminating one",
        [roll_member("a", terminating=True), roll_member("b")],
        RollAction.NONE,
        None,
        ("a",),
    ),
    (
        "a fixed template goes to the broken one",
        [roll_member("a", ready=False, available=False), roll_member("b", **CURRENT)],
        RollAction.REPLACE,
        "a",
        (),
    ),
    ("its node takes no pods", [roll_member("a", kept=True)], RollAction.NONE, None, ("a",)),
    ("not that one", [roll_member("a", kept=True), roll_member("b")], RollAction.DRAIN, "b", ()),
    (
        "out with its node, and counted",
        [roll_member("a", available=False, kept=True), roll_member("b")],
        RollAction.NONE,
        None,
        ("a",),
    ),
    (
        "out by its health, and counted",
        [roll_member("a", available=False, unwell=True, **CURRENT), roll_member("b"), roll_member("c")],
        RollAction.NONE,
        None,
        ("a",),
    ),
    (
        "who is out by its health is replaced first",
        [roll_member("a"), roll_member("b", available=False, unwell=True), roll_member("c")],
        RollAction.DRAIN,
        "b",
        (),
    ),
    (
        "scaled down by its health",
        [roll_member("a"), roll_member("b", ready=False, available=False, unwell=True, **CURRENT)],
        RollAction.NONE,
        None,
        ("b",),
    ),
    (
        "two are out already",
        [roll_member(name, ready=False, available=False) for name in "ab"] + [roll_member("c")],
        RollAction.NONE,
        None,
        ("b",),
    ),
]


@pytest.mark.parametrize(
    ("members", "action", "picked", "waiting"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_table(members: list[RollMember], action: RollAction, picked: str | None, waiting: tuple[str, ...]) -> None:
    decision = decide_roll(members, max_unavailable="1", now=NOW)
    assert (decision.action, decision.picked, decision.waiting_for) == (action, picked, waiting)


def test_a_member_that_is_out_with_its_node_does_not_stop_the_roll() -> None:
    """Its node may stay cordoned for long; within what may be out the others go on."""
    out = roll_member("a", available=False, outdated=False, kept=True)
    assert decide_roll([out, roll_member("b")], max_unavailable="2", now=NOW).picked == "b"


def test_a_member_that_is_out_by_its_health_does_not_stop_the_roll() -> None:
    """It may be out for hours; within what may be out the others go on."""
    out = roll_member("a", available=False, unwell=True, **CURRENT)
    assert decide_roll([out, roll_member("b")], max_unavailable="2", now=NOW).picked == "b"


class Roll(RuleBasedStateMachine):
    """Members fail, recover and are replaced; the roll must never take the pool below what it may."""

    @initialize(count=st.integers(2, 6))
    def start(self, count: int) -> None:
        self.members = {name: roll_member(name) for name in "abcdef"[:count]}
        self.now = NOW
        self.taken: set[str] = set()

    @rule(index=st.integers(0, 5), works=st.booleans())
    def health(self, index: int, works: bool) -> None:
        name = sorted(self.members)[index % len(self.members)]
        member = self.members[name]
        if not member.terminating:
            self._set(name, ready=works, available=works)
            if works:
                self.taken.discard(name)

    @rule()
    def pod_comes_back(self) -> None:
        for name, member in self.members.items():
            if member.terminating:
                self._set(name, terminating=False, outdated=False)

    @rule(seconds=st.integers(1, 90))
    def step(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        out_before = {name for name, member in self.members.items() if not member.available}
        decision = decide_roll(list(self.members.values()), max_unavailable="30%", now=self.now)
        for name, member in self.members.items():
            since = (member.draining_since or self.now) if name == decision.picked else None
            self._set(name, draining_since=since)
        if decision.action is RollAction.REPLACE and decision.picked:
            out_after = out_before | {decision.picked}
            assert len(out_after) <= max(len(out_before), allowed_out("30%", len(self.members)))
            self.taken.add(decision.picked)
            self._set(decision.picked, ready=False, available=False, terminating=True, draining_since=None)

    @invariant()
    def one_at_a_time(self) -> None:
        if hasattr(self, "taken"):
            assert len({name for name in self.taken if not self.members[name].available}) <= 1

    def _set(self, name: str, **fields: Any) -> None:
        self.members[name] = replace(self.members[name], **fields)


TestRoll = Roll.TestCase
TestRoll.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
