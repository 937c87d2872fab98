"""Ready names the first cause in the chain of a start."""

from collections.abc import Callable
from typing import Any

import pytest

from smtppool.api.names import REPORT_KEY
from smtppool.control.attempt import Problem
from smtppool.control.conditions.queue_unreachable import queue_unreachable
from smtppool.control.conditions.ready import ready
from smtppool.control.status import server_status
from tests.unit.control.bodies import REPORT, Cluster, document


def without_pod(cluster: Cluster) -> None:
    cluster.pod = None


def pending(cluster: Cluster) -> None:
    cluster.pod = None
    assert cluster.claim is not None
    cluster.claim |= {"status": {"phase": "Pending"}, "spec": {"storageClassName": "fast"}}


def unscheduled(cluster: Cluster) -> None:
    pending(cluster)
    cluster.pod = Cluster().pod
    assert cluster.pod is not None
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "unbound"}
    cluster.pod["status"] = {"phase": "Pending", "conditions": [condition]}


def without_claim(cluster: Cluster) -> None:
    cluster.claim = None


def lost(cluster: Cluster) -> None:
    assert cluster.claim is not None
    cluster.claim["status"] = {"phase": "Lost"}


def garbage(cluster: Cluster) -> None:
    assert cluster.report is not None
    cluster.report["data"] = {REPORT_KEY: "garbage"}


def elsewhere(cluster: Cluster) -> None:
    egress = REPORT.egress.model_copy(update={"observed_address": "192.0.2.1"})
    cluster.report = document("mx1-report", REPORT_KEY, REPORT.model_copy(update={"egress": egress}))


def homeless(cluster: Cluster) -> None:
    cluster.server["spec"]["relay"]["egress"]["provider"] = "node"


def deleted(cluster: Cluster) -> None:
    cluster.server["metadata"]["deletionTimestamp"] = "2025-11-21T12:00:00Z"


CASES: list[tuple[Callable[[Cluster], None], str, str]] = [
    (lambda _: None, "True/Ready", "weight 10"),
    (without_pod, "False/NoPod", "pod"),
    (pending, "False/VolumePending", "storage class fast"),
    (unscheduled, "False/Unschedulable", "storage class fast"),
    (without_claim, "False/VolumeMissing", "claim"),
    (lost, "False/VolumeLost", "lost"),
    (garbage, "Unknown/ReportInvalid", "cannot be read"),
    (elsewhere, "False/Mismatch", "192.0.2.1"),
    (homeless, "False/NodeWithoutAddress", "198.51.100.11"),
    (deleted, "False/Deleted", "deleted"),
]


@pytest.mark.parametrize(("change", "said", "words"), CASES, ids=[said for _, said, _ in CASES])
def test_table(change: Callable[[Cluster], None], said: str, words: str) -> None:
    cluster = Cluster()
    change(cluster)
    verdict = ready(cluster.observed())
    assert f"{verdict.status}/{verdict.reason}" == said
    assert words in verdict.message


def test_a_child_that_cannot_be_made_comes_before_what_follows_from_it() -> None:
    cluster = Cluster(pod=None)
    assert ready(cluster.observed(Problem("Conflict", "in the way"))).reason == "Conflict"


@pytest.mark.parametrize("change", [change for change, _, _ in CASES], ids=[said for _, said, _ in CASES])
def test_every_condition_has_words_and_a_generation(change: Callable[[Cluster], None]) -> None:
    cluster = Cluster()
    change(cluster)
    status: dict[str, Any] = server_status(cluster.observed())
    assert len(status["conditions"]) == 10
    for condition in status["conditions"]:
        assert condition["message"]
        assert condition["observedGeneration"] == 1


def test_a_relay_that_cannot_start_again_has_a_queue_that_nobody_can_reach() -> None:
    cluster = Cluster()
    unscheduled(cluster)
    verdict = queue_unreachable(cluster.observed())
    assert (verdict.status, verdict.reason) == ("True", "PodCannotStart")
    assert "2 messages" in verdict.message
