"""Where a relay's mail goes when somebody wants it empty, as a table and as invariants."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.api.documents import Intake, Lanes, QueueDepth
from smtppool.api.pool_health import HealthAction
from smtppool.api.smtpserver import DesiredState
from smtppool.policy.drain import SESSION_LIMIT, DrainDecision, Phase, decide_drain
from smtppool.policy.drain_facts import PATIENCE, Asked, DrainFacts, Giving, OnCordoned, who_asks
from smtppool.policy.emptiness import PodState
from tests.unit.policy.drain_cases import (
    BUSY,
    CASES,
    CLOSED_MAIL,
    DELETION,
    FRESH,
    LEAVES,
    MOVES,
    OFF_DUTY,
    SCALED_DOWN,
    STAYS,
    STUCK,
    USER,
    Case,
    closed,
)
from tests.unit.policy.facts import MOMENTS, NOW, ago, drain_facts, queue_facts, report

# What is granted in each phase: lanes (None: what the own address allows), intake.
GRANTED: dict[Phase, tuple[Lanes | None, Intake]] = {
    Phase.RUNNING: (None, Intake.OPEN),
    Phase.SESSIONS: (None, Intake.OPEN),
    Phase.HANDOVER: (Lanes.HANDOVER, Intake.CLOSED),
    Phase.DELIVERY: (None, Intake.CLOSED),
    Phase.EMPTY: (Lanes.HANDOVER, Intake.CLOSED),
    Phase.RELEASED: (None, Intake.CLOSED),
}


def decide(*, queue: dict[str, Any] | None = None, **fields: Any) -> DrainDecision:
    known = queue_facts(**({"report": CLOSED_MAIL} if queue is None else queue))
    return decide_drain(drain_facts(queue=known, **fields))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_table(case: Case) -> None:
    decision = decide(**case.fields)
    own = case.fields.get("lanes", Lanes.OPEN)
    lanes, intake = GRANTED[case.phase]
    assert (decision.phase, decision.draining.reason) == (case.phase, case.draining)
    assert (decision.blocked.reason if decision.blocked else None) == case.blocked
    assert (decision.lanes(own), decision.intake) == (lanes or own, intake)


def test_the_table_has_every_phase() -> None:
    assert {case.phase for case in CASES} == set(Phase)


@pytest.mark.parametrize(
    ("deleted", "desired", "health", "cordoned", "asked"),
    [
        (False, DesiredState.ACTIVE, None, None, None),
        (False, DesiredState.CORDONED, None, None, None),
        (False, DesiredState.ACTIVE, HealthAction.CORDON, None, None),
        (False, DesiredState.ACTIVE, HealthAction.HAND_OVER, None, OFF_DUTY),
        (False, DesiredState.CORDONED, HealthAction.SCALE_DOWN, None, SCALED_DOWN),
        (False, DesiredState.ACTIVE, None, STAYS, None),
        (False, DesiredState.ACTIVE, HealthAction.HAND_OVER, STAYS, OFF_DUTY),
        (False, DesiredState.CORDONED, HealthAction.HAND_OVER, LEAVES, MOVES._replace(unwell=True)),
        (False, DesiredState.ACTIVE, None, LEAVES._replace(stuck=STUCK.stuck), STUCK),
        (False, DesiredState.DRAINED, HealthAction.HAND_OVER, LEAVES, USER),
        (True, DesiredState.DRAINED, HealthAction.SCALE_DOWN, LEAVES, DELETION),
    ],
)
def test_who_asks(
    deleted: bool,
    desired: DesiredState,
    health: HealthAction | None,
    cordoned: OnCordoned | None,
    asked: Asked | None,
) -> None:
    assert who_asks(deleted=deleted, desired=desired, health=health, cordoned=cordoned) == asked


def test_a_relay_that_cannot_move_says_why_and_what_to_do() -> None:
    told = decide(queue={"report": report(intake=Intake.CLOSED)}, asked=STUCK, cordoned=LEAVES).draining.message
    for text in ("n1 is cordoned", "no other node takes pods", "kubectl uncordon n1"):
        assert text in told


def test_the_numbers_and_the_peers_are_told() -> None:
    assert decide().draining.message == "37 messages (2 active, 35 deferred) to hand over; peers mx2, mx3"
    many = tuple(f"mx{n}" for n in range(2, 14))
    assert decide(peers=many).draining.message.endswith("mx8, mx9 and 4 more")


def test_the_oldest_message_is_told_by_its_time() -> None:
    """Not by its age, which would make a new status by time alone."""
    told = closed(deferred=35, oldest_arrival=ago(hours=2))
    listed = "35 messages (35 deferred, the oldest of 2025-11-21T10:00:00Z)"
    assert decide(queue=told).draining.message == f"{listed} to hand over; peers mx2, mx3"
    assert decide(queue=told) == decide(queue=told, now=NOW + timedelta(seconds=30))
    blocked = decide(queue=told, peers=()).blocked
    assert blocked is not None
    assert listed in blocked.message


def test_a_block_names_what_and_how_many() -> None:
    held = closed(deferred=1, hold=3, corrupt=2)
    blocked = decide(queue=held, peers=()).blocked
    assert blocked is not None
    assert blocked.reason == "NoPeer"
    for text in ("6 messages (1 deferred, 3 hold, 2 corrupt)", "3 messages on hold", "2 damaged queue files"):
        assert text in blocked.message
    assert "smtppool queue" not in blocked.message, "a living server's queue is not decided upon"
    blocked = decide(queue=held, asked=DELETION).blocked
    assert blocked is not None
    assert "smtppool queue save|drop mx1 -n mail" in blocked.message


def test_time_alone_ends_the_wait_for_sessions_and_for_peers() -> None:
    assert decide(queue={"report": BUSY}, **FRESH).next_check == NOW + SESSION_LIMIT
    assert decide().next_check == NOW - timedelta(seconds=1) + PATIENCE
    assert decide(since=NOW - PATIENCE).next_check == NOW + PATIENCE
    assert decide(since=NOW - PATIENCE, lanes=Lanes.CLOSED).next_check is None, "nothing changes by time any more"


def test_peers_that_refuse_and_its_own_delivery_take_turns() -> None:
    """From one moment at which it asks to be looked at to the next."""
    facts = drain_facts(queue=queue_facts(report=CLOSED_MAIL), since=NOW)
    for number in range(1, 6):
        due = decide_drain(facts).next_check
        assert due == NOW + number * PATIENCE
        just_before = replace(facts, now=due - timedelta(seconds=1))
        facts = replace(facts, now=due)
        assert decide_drain(just_before).hands_over is not decide_drain(facts).hands_over
        assert decide_drain(facts).hands_over is (number % 2 == 0)


def test_whose_turn_it_is_is_told() -> None:
    def told(since: timedelta) -> tuple[str, str]:
        decision = decide(since=NOW - since)
        assert decision.blocked is not None
        return decision.draining.message, decision.blocked.message

    draining, blocked = told(PATIENCE)
    assert draining == "37 messages (2 active, 35 deferred) left; the relay delivers as usual"
    assert blocked == (
        "after 5 min 37 messages (2 active, 35 deferred) still here: do peers mx2, mx3 refuse it? "
        "The relay delivers by itself for 5 min, then it is offered to them again"
    )
    draining, blocked = told(2 * PATIENCE)
    assert draining.endswith("to hand over; peers mx2, mx3")
    assert blocked.endswith("It is offered to them for 5 min, then the relay delivers by itself again")


DEPTHS = st.builds(QueueDepth, active=st.integers(0, 2), deferred=st.integers(0, 2), hold=st.integers(0, 1))
REPORTS = st.none() | st.builds(
    report,
    pod_uid=st.sampled_from(["pod-1", "pod-2"]),
    intake=st.sampled_from(Intake),
    sessions=st.integers(0, 1),
    queue=st.none() | DEPTHS,
)
FACTS = st.builds(
    drain_facts,
    asked=st.sampled_from([None, USER, DELETION, OFF_DUTY, SCALED_DOWN, MOVES, STUCK]),
    observe=st.booleans(),
    begun=st.booleans(),
    released=st.booleans(),
    entry=st.booleans(),
    in_rotation=st.booleans(),
    lanes=st.sampled_from([Lanes.OPEN, Lanes.CLOSED]),
    peers=st.sampled_from([(), ("mx2",)]),
    queue=st.builds(queue_facts, report=REPORTS, pod=st.sampled_from(PodState)),
    since=st.sampled_from([None, NOW, NOW - SESSION_LIMIT, NOW - PATIENCE]) | MOMENTS,
)


def test_peers_that_give_mail_away_are_named_as_the_reason() -> None:
    giving = (Giving("mx2", ("google",)), Giving("mx3", ("microsoft", "yahoo")))
    blocked = decide(peers=(), giving=giving).blocked
    assert blocked is not None
    assert blocked.reason == "NoPeer"
    assert "(mx2 is excluded at google, mx3 is excluded at microsoft, yahoo)" in blocked.message
    assert "no member in traffic can take" not in blocked.message


@given(FACTS)
def test_mail_known_or_unknown_keeps_the_pod(given_facts: DrainFacts) -> None:
    decision = decide_drain(given_facts)
    if decision.empty and not given_facts.released:
        assert given_facts.queue.report is not None
        assert given_facts.queue.report.intake is Intake.CLOSED
        assert given_facts.queue.report.queue == QueueDepth()
    if decision.released:
        assert given_facts.asked is not None
        assert given_facts.asked.release or given_facts.released


@given(FACTS)
def test_mail_goes_to_peers_only_while_nothing_comes_in(given_facts: DrainFacts) -> None:
    """A message that a peer hands to a relay that hands over itself would go in circles."""
    decision = decide_drain(given_facts)
    if decision.hands_over:
        assert decision.intake is Intake.CLOSED
        assert given_facts.peers
    assert decision.lanes(Lanes.CLOSED) is not Lanes.OPEN, "a drain opens no lanes that safety has closed"


@given(FACTS)
def test_a_closed_intake_stays_closed_until_nobody_asks(given_facts: DrainFacts) -> None:
    if given_facts.begun and given_facts.asked is not None:
        assert decide_drain(given_facts).intake is Intake.CLOSED
        later = replace(given_facts, now=NOW + timedelta(days=1))
        assert decide_drain(later).intake is Intake.CLOSED
