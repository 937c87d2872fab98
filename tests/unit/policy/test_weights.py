"""The weight in force, as a table and as an invariant."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.api.documents import MemberState
from smtppool.api.smtpserver import DesiredState, WarmupMode
from smtppool.policy.weights import MemberFacts, decide_weight, routed
from tests.unit.policy.facts import member_facts

CASES: list[tuple[dict[str, Any], int, str]] = [
    ({}, 50, "InTraffic"),
    ({"deleted": True}, 0, "Deleted"),
    ({"accepted": False}, 0, "NotAccepted"),
    ({"pod_address": None}, 0, "NoPod"),
    ({"terminating": True}, 0, "Terminating"),
    ({"lanes_open": False}, 0, "LanesClosed"),
    ({"reported": False}, 0, "NoReport"),
    ({"undecided": True}, 0, "Undecided"),
    ({"observe": True, "frozen_weight": 7, "reported": False}, 0, "NoReport"),
    ({"desired": DesiredState.CORDONED}, 0, "Cordoned"),
    ({"desired": DesiredState.DRAINED}, 0, "Drained"),
    ({"emptied": True}, 0, "Drained"),
    ({"emptied": True, "lanes_open": False, "pod_address": None}, 0, "Drained"),
    ({"emptied": True, "observe": True, "frozen_weight": 7}, 0, "Drained"),
    ({"rolling": True}, 0, "Rolling"),
    ({"warmup": WarmupMode.PLAN}, 0, "NotEvaluated"),
    ({"base_weight": 0}, 0, "ZeroWeight"),
    ({"observe": True, "frozen_weight": 7}, 7, "Observe"),
    ({"observe": True, "frozen_weight": 7, "desired": DesiredState.CORDONED}, 7, "Observe"),
    ({"observe": True, "frozen_weight": 7, "lanes_open": False}, 0, "LanesClosed"),
    ({"observe": True}, 0, "Observe"),
    ({"health_share": 0.0}, 0, "Unhealthy"),
    ({"health_share": 0.1}, 5, "Probation"),
    ({"health_share": 0.1, "base_weight": 3}, 1, "Probation"),
    ({"health_share": 0.1, "base_weight": 0}, 0, "ZeroWeight"),
    ({"health_share": 0.0, "desired": DesiredState.CORDONED}, 0, "Cordoned"),
    ({"health_share": 0.0, "lanes_open": False}, 0, "LanesClosed"),
    ({"health_share": 0.0, "observe": True, "frozen_weight": 7}, 7, "Observe"),
]

FACTS = st.builds(
    member_facts,
    accepted=st.booleans(),
    deleted=st.booleans(),
    pod_address=st.sampled_from([None, "10.244.1.5"]),
    terminating=st.booleans(),
    lanes_open=st.booleans(),
    reported=st.booleans(),
    base_weight=st.integers(0, 256),
    desired=st.sampled_from(DesiredState),
    warmup=st.sampled_from(WarmupMode),
    rolling=st.booleans(),
    emptied=st.booleans(),
    observe=st.booleans(),
    frozen_weight=st.integers(0, 256),
    health_share=st.sampled_from([0.0, 0.1, 1.0]),
)


@pytest.mark.parametrize(("fields", "weight", "reason"), CASES, ids=str)
def test_table(fields: dict[str, Any], weight: int, reason: str) -> None:
    decision = decide_weight(member_facts(**fields))
    assert (decision.weight, decision.reason) == (weight, reason)


@given(FACTS)
def test_weight_needs_open_lanes_of_a_present_pod(facts: MemberFacts) -> None:
    if decide_weight(facts).weight > 0:
        assert facts.lanes_open
        assert facts.reported
        assert facts.pod_address is not None
        assert facts.accepted
        assert not facts.deleted
        assert not facts.terminating
        assert not facts.emptied


@given(FACTS)
def test_observe_changes_nothing_but_for_safety(facts: MemberFacts) -> None:
    decision = decide_weight(facts)
    if facts.observe:
        assert decision.weight in {0, facts.frozen_weight}
    else:
        assert decision.weight == decision.decided


@given(FACTS)
def test_a_routed_member_that_drains_takes_nothing(facts: MemberFacts) -> None:
    decision = decide_weight(facts)
    member = routed(facts, decision, entry=False)
    assert (member is None) == (facts.pod_address is None)
    if member is not None and member.state is MemberState.DRAIN:
        assert member.weight == 0
        assert not member.handover


def test_a_member_that_gives_mail_away_takes_none() -> None:
    facts = member_facts(excludes=True)
    member = routed(facts, decide_weight(facts), entry=False)
    assert member is not None
    assert (member.weight, member.handover, member.takes_over) == (50, False, False)


def test_a_member_at_weight_0_stays_known_and_takes_handovers() -> None:
    facts = member_facts(warmup=WarmupMode.PLAN)
    member = routed(facts, decide_weight(facts), entry=True)
    assert member is not None
    assert (member.weight, member.state, member.handover) == (0, MemberState.READY, True)


@given(FACTS)
def test_health_alone_bars_nobody(facts: MemberFacts) -> None:
    """What is barred is out for another reason, with any health: else the pool would count it twice."""
    healthy = replace(facts, health_share=1.0)
    assert decide_weight(facts).barred == decide_weight(healthy).barred
    if decide_weight(facts).barred is not None and not facts.observe:
        assert decide_weight(healthy).weight == 0


@given(FACTS)
def test_who_is_out_by_wish_is_barred(facts: MemberFacts) -> None:
    """Whatever else is the matter with it."""
    if facts.wished_out:
        assert decide_weight(facts).barred is not None


@pytest.mark.parametrize(
    ("fields", "wished"),
    [
        ({}, False),
        ({"base_weight": 0}, True),
        ({"base_weight": 0, "lanes_open": False}, True),
        ({"desired": DesiredState.CORDONED}, True),
        ({"desired": DesiredState.DRAINED, "emptied": True, "pod_address": None}, True),
        ({"warmup": WarmupMode.PLAN}, True),
        ({"deleted": True}, True),
        ({"emptied": True}, False),
        ({"rolling": True}, False),
        ({"lanes_open": False}, False),
        ({"health_share": 0.0}, False),
    ],
    ids=str,
)
def test_a_wish_is_what_the_user_says(fields: dict[str, Any], wished: bool) -> None:
    assert member_facts(**fields).wished_out is wished


def test_an_unhealthy_member_takes_no_mail_from_peers() -> None:
    facts = member_facts(health_share=0.0)
    member = routed(facts, decide_weight(facts), entry=True)
    assert member is not None
    assert (member.state, member.handover) == (MemberState.READY, False)
