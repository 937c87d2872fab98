"""When a report is due, what makes it urgent, and what it says."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest

from smtppool.agent import report
from smtppool.agent.facts import Board, Facts
from smtppool.agent.settings import Paths, Settings
from smtppool.api.documents import (
    EgressCheckOrder,
    EgressObservation,
    Grant,
    Intake,
    Lanes,
    Member,
    MemberState,
    QueueDepth,
    Report,
    Routing,
    SubmissionRule,
)
from smtppool.api.outcomes import MAX_PROVIDERS, ProviderOutcomes, WindowCounts, WindowName
from smtppool.api.queue_details import ProviderQueue
from smtppool.policy.bounces import CLASSES

POD: dict[str, Any] = {"pod_uid": "pod", "pod_address": "10.244.1.5"}
EMPTY, QUEUED = QueueDepth(), QueueDepth(deferred=3)
SEEN = EgressObservation(observed_address="198.51.100.1", observed_at="2026-11-21T16:00:00.000Z")


OUTCOMES = (ProviderOutcomes(provider="google", windows={WindowName.BURST: WindowCounts(delivered=3)}),)


def said(**fields: Any) -> Report:
    return Report(**({"server": "mx1", "queue": EMPTY, "egress": SEEN} | POD | fields))


URGENT = {
    "nothing": (said(), said(), False),
    "another depth": (said(queue=QUEUED), said(queue=QueueDepth(deferred=4)), False),
    "first mail": (said(), said(queue=QUEUED), False),
    "queue became empty": (said(queue=QUEUED), said(), True),
    "queue became readable and is empty": (said(queue=None), said(), True),
    "more sessions": (said(sessions=1), said(sessions=5), False),
    "last session ended": (said(sessions=1), said(sessions=0), True),
    "last session of its own ended": (said(sessions=3, entry_sessions=2), said(sessions=2, entry_sessions=2), True),
    "a client of others ended": (said(sessions=3, entry_sessions=2), said(sessions=2, entry_sessions=1), False),
    "lanes": (said(), said(lanes=Lanes.OPEN), True),
    "intake": (said(), said(intake=Intake.CLOSED), True),
    "another pod": (said(), said(pod_uid="other"), True),
    "another pod address": (said(), said(pod_address="10.244.1.6"), True),
    "another address": (said(), said(egress=SEEN.model_copy(update={"observed_address": "203.0.113.1"})), True),
    "check began to fail": (said(), said(egress=SEEN.model_copy(update={"error": "x"})), True),
    "another routing": (said(), said(routing_hash="x"), False),
    "another outcome": (said(), said(outcomes=OUTCOMES), False),
    "a member is down": (said(), said(down=("mx2",)), True),
    "a member is back": (said(down=("mx2",)), said(), True),
}
ENDS = {
    "queue became empty",
    "queue became readable and is empty",
    "last session ended",
    "last session of its own ended",
}


@pytest.mark.parametrize("name", URGENT)
def test_urgent(name: str) -> None:
    last, now, expected = URGENT[name]
    assert report.urgent(last, now, awaited=True) is expected
    assert report.urgent(last, now, awaited=False) is (expected and name not in ENDS)


def routed(**fields: Any) -> Routing:
    rule = SubmissionRule(max_message_size=1, max_recipients=1)
    own = Member(**({"name": "mx1", "address": "10.244.1.5", "weight": 1} | fields))
    return Routing(pool="p", submission=rule, members=(own,))


def granted(**fields: Any) -> Grant:
    return Grant(server="mx1", egress_check=EgressCheckOrder(), **fields)


AWAITED = {
    "in traffic": (Facts(routing=routed(), grant=granted(intake=Intake.OPEN)), False),
    "weight 0": (Facts(routing=routed(weight=0)), False),
    "rolled": (Facts(routing=routed(state=MemberState.DRAIN)), True),
    "intake closed": (Facts(routing=routed(), grant=granted(intake=Intake.CLOSED)), True),
    "hands over": (Facts(routing=routed(), lanes=Lanes.HANDOVER), True),
    "no member": (Facts(routing=routed(name="mx2")), True),
    "no routing": (Facts(), True),
}


@pytest.mark.parametrize(("facts", "expected"), AWAITED.values(), ids=AWAITED)
def test_awaited(facts: Facts, expected: bool) -> None:
    assert report.awaited(facts, server="mx1") is expected


@pytest.mark.parametrize(("at", "written"), [("2026-11-21T16:00:59.000Z", False), ("2026-11-21T16:01:00.000Z", True)])
def test_a_mere_confirmation_waits(at: str, written: bool) -> None:
    confirmed = said(egress=SEEN.model_copy(update={"observed_at": at}))
    assert (report.settled(said(), confirmed) != said()) is written
    other = confirmed.model_copy(update={"egress": confirmed.egress.model_copy(update={"error": "x"})})
    assert report.settled(said(), other) == other


GMAIL = ProviderQueue(provider="google", messages=3, oldest_arrival="2026-11-21T16:00:00Z")
DETAILS: dict[str, Any] = {"oldest_arrival": "2026-11-21T16:00:00Z", "providers": (GMAIL,)}


def test_details_of_the_queue_travel_with_the_counts_and_never_alone() -> None:
    detailed = QUEUED.model_copy(update=DETAILS)
    assert report.settled(said(queue=QUEUED), said(queue=detailed)) == said(queue=QUEUED)
    for more in ({"queue": detailed.model_copy(update={"active": 1})}, {"sessions": 1}):
        now = said(**({"queue": detailed} | more))
        assert report.settled(said(queue=QUEUED), now) == now
    assert report.settled(said(queue=None), said(queue=detailed)) == said(queue=detailed)


def test_a_report_without_details_is_of_an_older_agent() -> None:
    old = Report.model_validate_json('{"server": "mx1", "podUid": "pod", "queue": {"deferred": 3}}')
    assert old.queue == QUEUED


def test_nothing_is_reported_before_the_queue_was_looked_at() -> None:
    assert report.build(Facts(), server="mx1", **POD) is None
    unreadable = report.build(Facts(queue_error="down"), server="mx1", **POD)
    assert unreadable is not None
    assert (unreadable.queue, unreadable.queue_error) == (None, "down")
    assert (unreadable.pod_uid, unreadable.pod_address) == (POD["pod_uid"], POD["pod_address"])


def test_a_quiet_pod_is_reported_with_a_count_that_began_after_it_was_quiet() -> None:
    early = Facts(queue=EMPTY, queue_read_at=99, quiet_since=100, intake=Intake.CLOSED, intake_shut=True)
    assert report.build(early, server="mx1", **POD) is None
    again = replace(early, queue_read_at=100)
    assert report.build(again, server="mx1", **POD) is not None


@pytest.mark.parametrize(
    ("gate", "shut", "expected"),
    [
        (Intake.CLOSED, True, Intake.CLOSED),
        (Intake.CLOSED, False, Intake.OPEN),
        (Intake.OPEN, True, Intake.OPEN),
    ],
)
def test_intake_is_closed_when_gate_and_haproxy_both_are(gate: Intake, shut: bool, expected: Intake) -> None:
    built = report.build(Facts(queue=EMPTY, intake=gate, intake_shut=shut), server="mx1", **POD)
    assert built is not None
    assert built.intake is expected


def test_outcomes_are_reported_and_the_largest_report_has_room_in_a_config_map() -> None:
    built = report.build(Facts(queue=EMPTY, outcomes=OUTCOMES), server="mx1", **POD)
    assert built is not None
    assert built.outcomes == OUTCOMES
    huge = WindowCounts(
        delivered=10**9, deferred=10**9, bounced=dict.fromkeys(CLASSES, 10**9), responses=10**9, response_ms=10**12,
        tls=10**9,
    )  # fmt: skip
    providers = (f"{'p' * 60}{number:03}" for number in range(MAX_PROVIDERS))
    outcomes = tuple(ProviderOutcomes(provider=one, windows=dict.fromkeys(WindowName, huge)) for one in providers)
    largest = said(outcomes=outcomes).model_dump_json(by_alias=True, exclude_none=True)
    assert len(largest) < 2**18
    assert Report.model_validate_json(largest).outcomes == outcomes


async def test_a_report_is_made_once_for_each_look(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Mock(side_effect=report.build)
    monkeypatch.setattr(report, "build", made)
    monkeypatch.setattr(report, "BEHIND", 0)
    settings = Settings("mail", "pool", "mx1", "mx1.example.com", 9100, "pod", "10.244.1.5", Paths(root=Path("/")))
    board, api, looked = Board(), AsyncMock(), asyncio.Event()
    waits = Mock(side_effect=looked.set)
    reporter = report.Reporter(settings=settings, board=board, api=api)
    task = asyncio.create_task(reporter.run(waits))
    for changes in ({}, {"queue": EMPTY}, {"sessions": 4}, {"queue": QUEUED}, {"lanes": Lanes.OPEN}):
        board.update(**changes)
        async with asyncio.timeout(5):
            await looked.wait()
        looked.clear()
        if "sessions" not in changes:
            reporter._sent = float("-inf")  # the interval has passed
    task.cancel()
    assert api.merge_patch.call_count == reporter.writes == 3  # the depth goes with the lanes
    assert made.call_count == reporter.writes + waits.call_count
    assert reporter.last == said(egress=EgressObservation(), queue=QUEUED, sessions=4, lanes=Lanes.OPEN)
