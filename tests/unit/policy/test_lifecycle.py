"""The order of a deletion, and everything that must stop it."""

from dataclasses import replace
from typing import Any

import pytest

from smtppool.api.documents import Intake, QueueDepth, Report
from smtppool.policy.drain import decide_drain
from smtppool.policy.drain_facts import PATIENCE, Asked, AskedBy, DrainFacts
from smtppool.policy.emptiness import PodState
from smtppool.policy.lifecycle import LifecycleDecision, QueueDecision, Step, decide_lifecycle
from tests.unit.policy.facts import NOW, drain_facts, lifecycle_facts, queue_facts, report

MAIL = QueueDepth(active=2, deferred=3)
CLOSED_EMPTY = report(intake=Intake.CLOSED)
CLOSED_MAIL = report(intake=Intake.CLOSED, queue=MAIL)
THROUGH = report(intake=Intake.CLOSED, entry_sessions=2)
ENDING: dict[str, Any] = {"namespace_terminating": True}
GONE: dict[str, Any] = {"pod": PodState.ABSENT, "pod_uid": None, "pod_address": None}
MOVED: dict[str, Any] = {"pod_address": "10.244.1.9"}  # its sandbox was made anew
MOVED_EMPTY = report(intake=Intake.CLOSED, **MOVED)
OLD_EMPTY = report(intake=Intake.CLOSED, pod_address=None)


def decide(*, queue: dict[str, Any] | None = None, **fields: Any) -> LifecycleDecision:
    return decide_lifecycle(lifecycle_facts(queue=queue_facts(**(queue or {})), **fields))


@pytest.mark.parametrize(
    ("fields", "step"),
    [
        ({"deleted": False}, Step.RUN),
        ({"paused": True}, Step.HOLD),
        ({"paused": True, "decision": QueueDecision.DROP}, Step.HOLD),
        ({"proven_empty": True}, Step.REMOVE_WORKLOAD),
        ({"proven_empty": True, "workload_exists": False}, Step.REMOVE_VOLUME),
        ({"proven_empty": True, "workload_exists": False, "volume_exists": False}, Step.REMOVE_REST),
        (
            {"proven_empty": True, "workload_exists": False, "volume_exists": False, "children_exist": False},
            Step.RELEASE,
        ),
        ({"decision": QueueDecision.DROP}, Step.REMOVE_WORKLOAD),
        ({"decision": QueueDecision.SAVE}, Step.KEEP_VOLUME),
        ({"decision": QueueDecision.SAVE, "volume_kept": True}, Step.REMOVE_WORKLOAD),
        ({"decision": QueueDecision.SAVE, "volume_exists": False}, Step.REMOVE_WORKLOAD),
        ({"workload_exists": False, "volume_exists": False}, Step.REMOVE_REST),
    ],
    ids=str,
)
def test_steps(fields: dict[str, Any], step: Step) -> None:
    assert decide(**fields).step is step


QUEUES: list[tuple[str, dict[str, Any], Step, str | None, str | None]] = [
    ("never reported", {"ever_reported": False, "report": None, "known_depth": None}, Step.REMOVE_WORKLOAD, None, None),
    ("intake still open", {}, Step.EMPTY, None, None),
    ("empty", {"report": CLOSED_EMPTY}, Step.REMOVE_WORKLOAD, None, None),
    ("mail", {"report": CLOSED_MAIL}, Step.EMPTY, "MailQueued", None),
    ("opened since", {"report": CLOSED_EMPTY, "granted": Intake.OPEN}, Step.EMPTY, None, None),
    ("opened since, no pod", {**GONE, "report": CLOSED_EMPTY, "granted": Intake.OPEN}, Step.EMPTY, None, "NoPod"),
    ("its grant is gone", {"report": CLOSED_EMPTY, "granted": None}, Step.REMOVE_WORKLOAD, None, None),
    ("a session", {"report": report(intake=Intake.CLOSED, sessions=1)}, Step.EMPTY, None, None),
    ("clients of others", {"report": THROUGH.model_copy(update={"sessions": 2})}, Step.REMOVE_WORKLOAD, None, None),
    ("and one of its own", {"report": THROUGH.model_copy(update={"sessions": 3})}, Step.EMPTY, None, None),
    ("queue unreadable", {"report": report(intake=Intake.CLOSED, queue=None)}, Step.EMPTY, None, "QueueUnreadable"),
    ("another pod's report", {"report": CLOSED_EMPTY, "pod_uid": "pod-2"}, Step.EMPTY, None, None),
    ("this pod's report from the address before", {"report": CLOSED_EMPTY} | MOVED, Step.EMPTY, None, None),
    ("mail at the address before", {"report": CLOSED_MAIL} | MOVED, Step.EMPTY, None, None),
    ("reported anew", {"report": MOVED_EMPTY} | MOVED, Step.REMOVE_WORKLOAD, None, None),
    ("a report without an address", {"report": OLD_EMPTY}, Step.EMPTY, None, None),
    ("a report without an address, no pod", {**GONE, "report": OLD_EMPTY}, Step.REMOVE_WORKLOAD, None, None),
    ("no pod, last report open", GONE, Step.EMPTY, None, "NoPod"),
    ("no pod, last report closed", {**GONE, "report": CLOSED_EMPTY}, Step.REMOVE_WORKLOAD, None, None),
    ("a new pod cannot start", {"pod": PodState.STUCK, "pod_uid": "pod-2"}, Step.EMPTY, None, "PodCannotStart"),
    ("the node is silent", {"pod": PodState.SILENT}, Step.EMPTY, None, "NodeSilent"),
    ("last words do not count while pods may start", {**GONE, "last_words": report()}, Step.EMPTY, None, "NoPod"),
    ("namespace: pod still there", ENDING, Step.EMPTY, None, None),
    ("namespace: last words", {**ENDING, **GONE, "last_words": report()}, Step.REMOVE_WORKLOAD, None, None),
    (
        "namespace: last words of mail",
        {**ENDING, **GONE, "last_words": report(queue=MAIL)},
        Step.EMPTY,
        "MailQueued",
        None,
    ),
    (
        "namespace: last words of the present pod",
        {**ENDING, "pod": PodState.ENDED, "last_words": report()},
        Step.REMOVE_WORKLOAD,
        None,
        None,
    ),
    (
        "namespace: ended, last words of the pod before",
        {**ENDING, "pod": PodState.ENDED, "pod_uid": "pod-2", "last_words": report()},
        Step.EMPTY,
        None,
        "PodEnded",
    ),
    (
        "namespace: gone, a later pod was seen than that of the last words",
        {**ENDING, **GONE, "last_pod_uid": "pod-2", "last_words": report()},
        Step.EMPTY,
        None,
        "NoPod",
    ),
    (
        "namespace: gone, a later pod reported than that of the last words",
        {**ENDING, **GONE, "report": report(pod_uid="pod-2"), "last_words": report()},
        Step.EMPTY,
        None,
        "NoPod",
    ),
    ("namespace: ended without last words", {**ENDING, "pod": PodState.ENDED}, Step.EMPTY, None, "PodEnded"),
    (
        "namespace: ended at another address",
        {**ENDING, **MOVED, "pod": PodState.ENDED, "report": CLOSED_EMPTY},
        Step.EMPTY,
        None,
        "PodEnded",
    ),
    ("namespace: gone without last words", {**ENDING, **GONE}, Step.EMPTY, None, "NoPod"),
    (
        "namespace: a session in the last report",
        {**ENDING, **GONE, "report": report(sessions=1)},
        Step.EMPTY,
        None,
        "NoPod",
    ),
    (
        "namespace: mail in the last report",
        {**ENDING, **GONE, "report": report(queue=MAIL)},
        Step.EMPTY,
        "MailQueued",
        None,
    ),
    (
        "namespace: only the status knows of mail",
        {**ENDING, **GONE, "report": None, "known_depth": MAIL},
        Step.EMPTY,
        "MailQueued",
        None,
    ),
    ("namespace: only the status, empty", {**ENDING, **GONE, "report": None}, Step.EMPTY, None, "NoPod"),
    ("namespace: node silent", {**ENDING, "pod": PodState.SILENT}, Step.EMPTY, None, "NodeSilent"),
]


@pytest.mark.parametrize(
    ("queue", "step", "blocked", "unreachable"), [case[1:] for case in QUEUES], ids=[case[0] for case in QUEUES]
)
def test_queue(queue: dict[str, Any], step: Step, blocked: str | None, unreachable: str | None) -> None:
    decision = decide(queue=queue)
    assert decision.step is step
    assert (decision.blocked.reason if decision.blocked else None) == blocked
    assert (decision.unreachable.reason if decision.unreachable else None) == unreachable
    assert decision.draining is not None


def test_a_block_names_how_many_and_where() -> None:
    blocked = decide(queue={"report": CLOSED_MAIL}).blocked
    assert blocked is not None
    assert blocked.message.startswith("5 messages in the queue (2 active, 3 deferred)")
    assert "smtppool queue" in blocked.message


HANDS_OVER = drain_facts(asked=Asked(AskedBy.DELETION, release=False), queue=queue_facts(report=CLOSED_MAIL))


@pytest.mark.parametrize(
    ("name", "drain", "queue", "draining", "blocked"),
    [
        ("to peers", HANDS_OVER, CLOSED_MAIL, "HandingOver", None),
        ("no peer", replace(HANDS_OVER, peers=()), CLOSED_MAIL, "MailQueued", "MailQueued"),
        (
            "sessions first",
            replace(HANDS_OVER, begun=False, queue=queue_facts(report=report(sessions=2))),
            report(sessions=2),
            "SessionsOpen",
            None,
        ),
        (
            "what no peer takes",
            replace(HANDS_OVER, queue=queue_facts(report=report(intake=Intake.CLOSED, queue=QueueDepth(hold=2)))),
            report(intake=Intake.CLOSED, queue=QueueDepth(hold=2)),
            "HandingOver",
            "HoldQueue",
        ),
        ("what peers refuse", replace(HANDS_OVER, since=NOW - PATIENCE), CLOSED_MAIL, "Emptying", "NotTaken"),
    ],
)
def test_peers_take_the_mail(name: str, drain: DrainFacts, queue: Report, draining: str, blocked: str | None) -> None:
    decision = decide(queue={"report": queue}, drain=decide_drain(drain))
    assert decision.step is Step.EMPTY, name
    assert decision.draining is not None
    assert decision.draining.reason == draining
    assert (decision.blocked.reason if decision.blocked else None) == blocked


def test_an_unreachable_queue_shows_the_last_known_depth() -> None:
    unreachable = decide(queue={"pod": PodState.SILENT, "report": report(queue=MAIL)}).unreachable
    assert unreachable is not None
    assert "last known: 5 messages" in unreachable.message
