"""Deletion in every way: with an empty queue nothing is left behind; with mail in it nothing is lost."""

from collections.abc import Callable, Iterator

import pytest

from e2e.stand import operator
from e2e.stand.kubectl import get, items, kubectl
from e2e.stand.pods import RelayPod
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import equal, until
from smtppool.api.names import BLOCKED, PAUSED

CHILDREN = "statefulset,pod,pvc,configmap,service,serviceaccount,role,rolebinding,networkpolicy,poddisruptionbudget"
OURS = "app.kubernetes.io/part-of=smtppool"


@pytest.fixture
def small(stand: Stand, namespace: str) -> PoolPlan:
    """One pool with one relay in traffic."""
    plan = PoolPlan(name="small", namespace=namespace, servers=(ServerPlan(name="only", address="198.51.100.72"),))
    stand.create(plan)
    return plan


@pytest.fixture
def queued(stand: Stand, small: PoolPlan) -> Iterator[PoolPlan]:
    """The same with ten messages that no provider takes."""
    stand.mailnet.set("google", [{"at": "rcpt", "reply": "451 4.3.0 try later"}])
    sent = stand.sender(small.namespace).send(target(small), "-n", "10", "--mix", "gmail.com=100")
    assert len(sent.acks) == 10
    equal(lambda: queued_messages(stand, small), 10, what="queue in the status", timeout=30)
    yield small
    stand.mailnet.reset()


def queued_messages(stand: Stand, plan: PoolPlan) -> int:
    queue = stand.server("only", namespace=plan.namespace).status("queue") or {}
    return int(queue.get("messages", -1))


def left_behind(namespace: str) -> list[str]:
    return [f"{i['kind']}/{i['metadata']['name']}" for i in items(CHILDREN, namespace=namespace, selector=OURS)]


WAYS: dict[str, Callable[[PoolPlan], object]] = {
    "server": lambda plan: kubectl("delete", "smtpserver", "only", "-n", plan.namespace, "--wait=false"),
    "foreground": lambda plan: kubectl(
        "delete", "smtpserver", "only", "-n", plan.namespace, "--cascade=foreground", "--wait=false"
    ),
    "pool": lambda plan: kubectl("delete", "smtppool", "small", "-n", plan.namespace, "--wait=false"),
    "pool-and-server": lambda plan: kubectl(
        "delete", "smtppool/small", "smtpserver/only", "-n", plan.namespace, "--wait=false"
    ),
}


@pytest.mark.parametrize("restart", [False, True], ids=["", "operator-restart"])
@pytest.mark.parametrize("way", WAYS)
def test_an_empty_server_leaves_nothing(small: PoolPlan, way: str, *, restart: bool) -> None:
    WAYS[way](small)
    if restart:
        operator.kill()
    until(lambda: not get("smtpserver", "only", namespace=small.namespace), what="the server is gone", timeout=90)
    mine = [name for name in left_behind(small.namespace) if "only" in name]
    assert mine == []


@pytest.mark.parametrize("way", WAYS)
def test_mail_in_the_queue_blocks_and_is_kept(stand: Stand, queued: PoolPlan, way: str) -> None:
    WAYS[way](queued)
    until(lambda: blocked(stand, queued), what="DrainBlocked names the mail", timeout=60)
    operator.kill()
    stand.mailnet.reset()
    RelayPod(cluster=stand.cluster, namespace=queued.namespace, server="only").flush()
    until(lambda: not get("smtpserver", "only", namespace=queued.namespace), what="gone once delivered", timeout=120)
    assert [name for name in left_behind(queued.namespace) if "only" in name] == []


def blocked(stand: Stand, plan: PoolPlan) -> str:
    condition = stand.server("only", namespace=plan.namespace).condition("DrainBlocked")
    return condition["message"] if condition.get("status") == "True" and "10" in condition["message"] else ""


def test_a_namespace_with_mail_waits_for_a_decision(stand: Stand, queued: PoolPlan) -> None:
    kubectl("delete", "namespace", queued.namespace, "--wait=false")
    note = until(lambda: held(queued), what="the queue volume says why it is held", timeout=90)
    assert "10" in note
    assert get("namespace", queued.namespace, namespace="default")["status"]["phase"] == "Terminating"
    events = kubectl("get", "events", "-n", "default", "-o", "jsonpath={.items[*].message}")
    assert queued.namespace in events
    stand.server("only", namespace=queued.namespace).annotate_decision("drop")
    until(lambda: not get("namespace", queued.namespace, namespace="default"), what="namespace gone", timeout=90)
    kubectl("create", "namespace", queued.namespace)


@pytest.mark.usefixtures("small")
def test_an_empty_namespace_goes_by_itself(namespace: str) -> None:
    """The pods' last counts, made after Postfix has ended, are all that is needed."""
    kubectl("delete", "namespace", namespace, "--timeout=100s")
    kubectl("create", "namespace", namespace)


def held(plan: PoolPlan) -> str:
    volume = get("pvc", "only-queue", namespace=plan.namespace)
    return str(volume.get("metadata", {}).get("annotations", {}).get(BLOCKED, ""))


def test_a_paused_object_stays_untouched(stand: Stand, small: PoolPlan) -> None:
    kubectl("annotate", "smtpserver", "only", "-n", small.namespace, f"{PAUSED}=true")
    kubectl("delete", "networkpolicy", "only-relay", "-n", small.namespace)
    kubectl("delete", "smtpserver", "only", "-n", small.namespace, "--wait=false")
    until(lambda: paused(stand, small), what="reason Paused", timeout=30)
    assert not get("networkpolicy", "only-relay", namespace=small.namespace)
    assert get("statefulset", "only-relay", namespace=small.namespace)
    kubectl("annotate", "smtpserver", "only", "-n", small.namespace, f"{PAUSED}-")
    until(lambda: not get("smtpserver", "only", namespace=small.namespace), what="the server is gone", timeout=90)


def paused(stand: Stand, plan: PoolPlan) -> bool:
    conditions = stand.server("only", namespace=plan.namespace).obj["status"]["conditions"]
    return any(condition["reason"] == "Paused" for condition in conditions)
