"""Bounces that nobody takes: how long they hold a drain and a deletion, and what is said of them."""

from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.api.documents import Intake, QueueDepth
from smtppool.policy.drain import DrainDecision, Phase, decide_drain
from smtppool.policy.emptiness import PodState
from smtppool.policy.leftovers import BOUNCE_PATIENCE
from smtppool.policy.lifecycle import PROVEN_EMPTY, LifecycleDecision, Step, decide_lifecycle
from smtppool.policy.verdict import format_time, parse_time
from tests.unit.policy.drain_cases import DELETION, MOVES, OFF_DUTY, SCALED_DOWN, STUCK, USER
from tests.unit.policy.facts import NOW, ago, drain_facts, lifecycle_facts, queue_facts, report

OLD = ago(hours=3)
BOUNCES = QueueDepth(deferred=3, bounces=3, newest_bounce=OLD)
LATE = NOW - BOUNCE_PATIENCE
GONE: dict[str, Any] = {"pod": PodState.ABSENT, "pod_uid": None, "pod_address": None}


def bent(**fields: Any) -> QueueDepth:
    return BOUNCES.model_copy(update=fields)


class Case(NamedTuple):
    """`fields` bend the drain of a last member that has held three old bounces, and no other mail, for an hour."""

    name: str
    fields: dict[str, Any]
    phase: Phase
    depth: QueueDepth = BOUNCES
    blocked: bool = True


CASES = (
    Case("for an hour", {}, Phase.RELEASED, blocked=False),
    Case("peers refuse them", {"peers": ("mx2",)}, Phase.RELEASED, blocked=False),
    Case("not for an hour yet", {"since": LATE + timedelta(seconds=1)}, Phase.DELIVERY),
    Case("since nobody knows when", {"since": None}, Phase.DELIVERY),
    Case("one came later", {}, Phase.DELIVERY, bent(newest_bounce=ago(minutes=59))),
    Case("other mail is left", {}, Phase.DELIVERY, bent(active=1)),
    Case("damaged mail is left", {}, Phase.DELIVERY, bent(corrupt=1)),
    Case("the newest is said to lie ahead of all time", {}, Phase.DELIVERY, bent(newest_bounce="9999-12-31T23:59:59Z")),
    Case("it is said to begin ahead of all time", {"since": parse_time("9999-12-31T23:59:59Z")}, Phase.DELIVERY),
    Case("they are on hold", {}, Phase.DELIVERY, QueueDepth(hold=3)),
    Case("an older agent, which does not tell them apart", {}, Phase.DELIVERY, QueueDepth(deferred=3)),
    Case("the time of the newest is garbage", {}, Phase.DELIVERY, bent(newest_bounce="2025-99-99T00:00:00Z")),
    Case("more bounces than mail", {}, Phase.DELIVERY, bent(bounces=4)),
    Case("its pod stays as an entry, and tries on", {"entry": True}, Phase.DELIVERY, blocked=False),
    Case("its pod stays, off duty by health", {"asked": OFF_DUTY}, Phase.DELIVERY, blocked=False),
    Case("its pod stays on a cordoned node", {"asked": STUCK}, Phase.DELIVERY, blocked=False),
    Case("it moves, with its volume", {"asked": MOVES}, Phase.RELEASED, blocked=False),
    Case("scaled down by health", {"asked": SCALED_DOWN}, Phase.RELEASED, blocked=False),
    Case("a deletion, which has steps of its own", {"asked": DELETION}, Phase.DELIVERY, blocked=False),
)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_drain(case: Case) -> None:
    queue = queue_facts(report=report(intake=Intake.CLOSED, queue=case.depth))
    decision = decide_drain(drain_facts(**({"queue": queue, "peers": (), "since": LATE} | case.fields)))
    assert decision.phase is case.phase
    assert (decision.blocked is not None) is case.blocked


def test_a_drain_says_what_stays_in_the_volume_and_until_when_it_waits() -> None:
    queue = queue_facts(report=report(intake=Intake.CLOSED, queue=BOUNCES))
    early = decide_drain(drain_facts(queue=queue, peers=(), since=NOW - timedelta(minutes=58)))
    assert early.next_check == NOW + timedelta(minutes=2)
    assert early.blocked is not None
    assert early.blocked.message.endswith("; all of it is bounces: they hold nothing from 2025-11-21T12:02:00Z on")
    for released in (False, True):
        late = decide_drain(drain_facts(queue=queue, peers=(), since=LATE, released=released))
        assert late.draining.message.endswith("and its address stay, with 3 bounces that nobody took within 60 min")


def deleted(depth: QueueDepth = BOUNCES, *, queue: dict[str, Any] | None = None, **fields: Any) -> LifecycleDecision:
    known = queue_facts(**({"report": report(intake=Intake.CLOSED, queue=depth)} | (queue or {})))
    return decide_lifecycle(lifecycle_facts(**({"queue": known, "since": LATE} | fields)))


def handing_over() -> DrainDecision:
    """What a deletion knows of its drain while a peer takes mail."""
    queue = queue_facts(report=report(intake=Intake.CLOSED, queue=BOUNCES))
    return decide_drain(drain_facts(asked=DELETION, queue=queue, peers=("mx2",), since=LATE))


ENDING = {"namespace_terminating": True, "pod": PodState.ENDED}
WORDS = report(intake=Intake.CLOSED, queue=BOUNCES)


@pytest.mark.parametrize(
    ("given", "step"),
    [
        ({}, Step.REMOVE_WORKLOAD),
        ({"since": LATE + timedelta(seconds=1)}, Step.EMPTY),
        ({"since": None}, Step.EMPTY),
        ({"drain": handing_over()}, Step.EMPTY),
        ({"depth": bent(active=1)}, Step.EMPTY),
        ({"queue": {**ENDING, "report": None, "last_words": WORDS}}, Step.REMOVE_WORKLOAD),
        ({"queue": {**ENDING, **GONE, "report": report(queue=BOUNCES)}}, Step.EMPTY),
    ],
    ids=[
        "for an hour",
        "not yet",
        "since nobody knows when",
        "peers take them",
        "other mail is left",
        "counted after Postfix had ended",
        "counted while more could come in",
    ],
)
def test_a_deletion(given: dict[str, Any], step: Step) -> None:
    assert deleted(**given).step is step


def test_a_deletion_says_how_many_are_given_up_and_until_when_it_waits() -> None:
    draining = deleted().draining
    assert draining is not None
    assert draining.reason == PROVEN_EMPTY
    assert draining.message.startswith("3 bounces that nobody took within 60 min are given up")
    early = deleted(since=NOW - timedelta(minutes=50)).blocked
    assert early is not None
    assert early.reason == "MailQueued"
    assert early.message.endswith("they hold nothing from 2025-11-21T12:10:00Z on")


@given(
    depth=st.builds(
        QueueDepth,
        active=st.integers(0, 2),
        deferred=st.integers(0, 2),
        hold=st.integers(0, 1),
        corrupt=st.integers(0, 1),
        bounces=st.integers(0, 4),
        newest_bounce=st.none()
        | st.integers(0, 7200).map(lambda seconds: format_time(NOW - timedelta(seconds=seconds))),
    ),
    minutes=st.none() | st.integers(0, 120),
    asked=st.sampled_from([USER, MOVES, SCALED_DOWN, OFF_DUTY, STUCK]),
    peers=st.sampled_from([(), ("mx2",)]),
)
def test_only_bounces_that_had_their_time_are_left_behind(
    depth: QueueDepth, minutes: int | None, asked: Any, peers: tuple[str, ...]
) -> None:
    since = NOW - timedelta(minutes=minutes) if minutes is not None else None
    queue = queue_facts(report=report(intake=Intake.CLOSED, queue=depth))
    decision = decide_drain(drain_facts(queue=queue, since=since, asked=asked, peers=peers))
    step = decide_lifecycle(lifecycle_facts(queue=queue, since=since)).step
    if depth.messages and (decision.empty or step is not Step.EMPTY):
        assert depth.messages == depth.bounces
        assert since is not None
        assert since <= LATE
        assert depth.newest_bounce is not None
        assert depth.newest_bounce <= format_time(LATE)
    if decision.next_check is not None:
        assert decision.next_check > NOW
