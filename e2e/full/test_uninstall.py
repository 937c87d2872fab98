"""`helm uninstall` refuses while mail is queued, and leaves nothing behind once it is not.

Both hold also if the operator is killed: while mail is queued, and in the middle of the deletions.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from e2e.stand import operator
from e2e.stand.kubectl import get, kubectl
from e2e.stand.pods import RelayPod
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import equal, until

QUEUED = 5


@pytest.fixture
def installed(stand: Stand) -> Iterator[Stand]:
    """The operator, there again afterwards for the other tests."""
    yield stand
    stand.mailnet.reset()
    stand.install()


def test_uninstall(installed: Stand, pool: PoolPlan, namespace: str) -> None:
    plan = PoolPlan(name="last", namespace=namespace, servers=(ServerPlan(name="one", address="198.51.100.79"),))
    installed.create(plan)
    installed.mailnet.set("google", [{"at": "rcpt", "reply": "451 4.3.0 try later"}])
    sent = installed.sender(namespace).send(target(plan), "-n", str(QUEUED), "--mix", "gmail.com=100")
    equal(lambda: queued(installed, plan), QUEUED, what="queue in the status", timeout=30)
    refused(installed, plan, pool)
    operator.kill()
    refused(installed, plan, pool)  # also while no operator is there, or has only just begun to look
    until(operator.runs, what="the operator runs again", timeout=60)
    equal(lambda: queued(installed, plan), QUEUED, what="queue in the status", timeout=30)
    installed.mailnet.reset()
    RelayPod(cluster=installed.cluster, namespace=namespace, server="one").flush()
    installed.all_arrive(sent)
    equal(lambda: queued(installed, plan), 0, what="queue in the status", timeout=30)
    uninstall_with_a_restart(namespace)
    left = kubectl("get", "smtppools,smtpservers,ipwarmupplans", "-A", "--ignore-not-found", "-o", "name")
    assert left == ""
    until(
        lambda: not kubectl("get", "pods", "-n", namespace, "-l", "app.kubernetes.io/part-of=smtppool", "-o", "name"),
        what="no relay pod is left",
        timeout=60,
    )
    apply_again(installed, pool)


def refused(stand: Stand, plan: PoolPlan, other: PoolPlan) -> None:
    """By the queue that is named with its count; nothing is deleted."""
    with pytest.raises(operator.HelmError, match=f"{plan.namespace}/one: {QUEUED} messages in the queue") as error:
        operator.uninstall(timeout=60)
    print(error.value)
    for one in (plan, other):
        for server in one.servers:
            metadata = get("smtpserver", server.name, namespace=one.namespace)["metadata"]
            assert "deletionTimestamp" not in metadata, server.name
    assert queued(stand, plan) == QUEUED
    assert stand.weights(other.namespace) == {s.name: s.weight for s in other.servers}


def uninstall_with_a_restart(namespace: str) -> None:
    """The operator is killed once it has begun to delete; the clean-up waits for the next one."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        uninstallation = beside.submit(operator.uninstall)
        until(lambda: begun(namespace) or uninstallation.done(), what="the deletion has begun", timeout=90)
        assert not uninstallation.done(), uninstallation.exception() or "it was over before its deletions were seen"
        operator.kill()
        there = bool(get("smtpserver", "one", namespace=namespace))
        print(f"operator killed in the middle of the uninstallation; a server that it deletes is still there: {there}")
        assert there, "the operator was killed too late to prove anything"
        uninstallation.result()


def begun(namespace: str) -> bool:
    """The server is being deleted."""
    return "deletionTimestamp" in get("smtpserver", "one", namespace=namespace).get("metadata", {})


def queued(stand: Stand, plan: PoolPlan) -> int:
    """Messages in the queue of the one relay, as its status says."""
    queue = stand.server("one", namespace=plan.namespace).status("queue") or {}
    return int(queue.get("messages", -1))


def apply_again(stand: Stand, pool: PoolPlan) -> None:
    """The operator and the shared pool, for the tests that follow."""
    stand.install()
    stand.create(pool)
