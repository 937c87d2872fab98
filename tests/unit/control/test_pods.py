"""What a pod's status says of its relay."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from smtppool.api.documents import QueueDepth, Report
from smtppool.control.pods import last_words, pod_state, pod_view
from smtppool.policy.emptiness import PodState

NOW = datetime(2025, 11, 21, 12, 0, tzinfo=UTC)
RUNNING: dict[str, Any] = {"running": {}}
ENDED = {"terminated": {"exitCode": 0}}
WAITING = {"waiting": {"reason": "ImagePullBackOff", "message": "no such\nimage"}}
WORDS = Report(server="mx1", pod_uid="u1", pod_address="10.0.0.1", queue=QueueDepth(hold=1))


def pod(phase: str, *states: dict[str, Any], **more: Any) -> dict[str, Any]:
    names = ("postfix", "agent", "gate")
    statuses = [{"name": name, "state": state, "restartCount": 0} for name, state in zip(names, states, strict=False)]
    status = {"phase": phase, "podIP": "10.0.0.1", "containerStatuses": statuses, **more.pop("status", {})}
    return {"metadata": {"uid": "u1", **more}, "spec": {}, "status": status}


def crashing(message: str) -> dict[str, Any]:
    body = pod("Running", {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}})
    body["status"]["containerStatuses"][0]["lastState"] = {"terminated": {"exitCode": 1, "message": message}}
    return body


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (None, PodState.ABSENT),
        (pod("Pending"), PodState.STUCK),
        (pod("Pending", WAITING), PodState.STUCK),
        (pod("Pending", RUNNING, WAITING), PodState.RUNNING),
        (pod("Running", RUNNING, RUNNING), PodState.RUNNING),
        (pod("Running", ENDED, RUNNING), PodState.RUNNING),
        (pod("Running", ENDED, ENDED), PodState.ENDED),
        (pod("Failed"), PodState.ENDED),
        (pod("Running", RUNNING, deletionTimestamp="2025-11-21T12:00:10Z"), PodState.RUNNING),
        (pod("Running", RUNNING, deletionTimestamp="2025-11-21T11:59:00Z"), PodState.SILENT),
        (pod("Running", RUNNING, deletionTimestamp="9999-12-31T23:59:59Z"), PodState.RUNNING),
    ],
)
def test_state(body: dict[str, Any] | None, state: PodState) -> None:
    assert pod_state(body, now=NOW) is state


def test_silence_begins_half_a_minute_after_the_grace() -> None:
    body = pod("Running", RUNNING, deletionTimestamp="2025-11-21T12:00:00Z")
    assert pod_state(body, now=NOW + timedelta(seconds=30)) is PodState.RUNNING
    assert pod_state(body, now=NOW + timedelta(seconds=31)) is PodState.SILENT


@pytest.mark.parametrize(
    ("body", "reason", "words"),
    [
        (pod("Running", RUNNING, deletionTimestamp="x"), "PodTerminating", "terminating"),
        (pod("Pending", WAITING), "ImagePullBackOff", "container postfix: no such?image"),
        (pod("Pending", {"waiting": {"reason": "ContainerCreating"}}), "PodStarting", "starting"),
        (pod("Pending", {"waiting": {"reason": "two words"}}), "ContainerWaiting", "two words"),
        (crashing("one\nthe Secret needs a key\n"), "CrashLoopBackOff", "container postfix: the Secret needs a key"),
        (crashing(""), "CrashLoopBackOff", "container postfix: back-off 10s"),
        (crashing(WORDS.model_dump_json()), "CrashLoopBackOff", "container postfix: back-off 10s"),
        (pod("Running", RUNNING), "PodNotReady", "not ready"),
        (
            pod(
                "Pending", status={"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/1 nodes"}]}
            ),
            "Unschedulable",
            "0/1 nodes",
        ),
    ],
)
def test_trouble(body: dict[str, Any], reason: str, words: str) -> None:
    trouble = pod_view(body).trouble
    assert trouble is not None
    assert (trouble.status, trouble.reason) == ("False", reason)
    assert words in trouble.message


def test_a_ready_pod_has_no_trouble() -> None:
    view = pod_view(pod("Running", RUNNING, status={"conditions": [{"type": "Ready", "status": "True"}]}))
    assert view.ready
    assert view.trouble is None


def test_last_words_are_left_by_postfix() -> None:
    text = WORDS.model_dump_json(by_alias=True, exclude_none=True)
    assert last_words(pod("Failed", {"terminated": {"message": text}})) == WORDS
    assert last_words(pod("Failed", ENDED, {"terminated": {"message": text}})) is None
    assert last_words(pod("Failed", {"terminated": {"message": "Traceback: ..."}})) is None
    assert last_words(pod("Failed", {"terminated": {"message": text.replace("u1", "u2")}})) is None
    assert last_words(None) is None
