"""Deletion in every way: with an empty queue nothing is left behind; with mail in it nothing is lost.

Mail that somebody has decided to drop is in no queue any more and at no provider.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from e2e.stand import operator
from e2e.stand.kubectl import get, items, kubectl
from e2e.stand.pods import RelayPod
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.sender import Sent
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
def each_way(stand: Stand, namespace: str) -> Iterator[dict[str, PoolPlan]]:
    """Such a pool for each way of deletion, in a namespace of its own."""
    with ExitStack() as namespaces:
        plans = {
            way: PoolPlan(
                name="small",
                namespace=namespaces.enter_context(stand.namespace(f"{namespace}-{way}")),
                servers=(ServerPlan(name="only", address=f"198.51.100.{150 + number}"),),
            )
            for number, way in enumerate(WAYS)
        }
        stand.create(*plans.values())
        yield plans


@pytest.fixture
def deferring(stand: Stand) -> Iterator[None]:
    """No provider takes the mail that `queue_mail` sends."""
    stand.mailnet.set("google", [{"at": "rcpt", "reply": "451 4.3.0 try later"}])
    yield
    stand.mailnet.reset()


def queue_mail(stand: Stand, plan: PoolPlan) -> Sent:
    """Ten messages, acknowledged, that are in its queue."""
    sent = stand.sender(plan.namespace).send(target(plan), "-n", "10", "--mix", "gmail.com=100")
    assert len(sent.acks) == 10
    equal(lambda: queued_messages(stand, plan), 10, what="queue in the status", timeout=30)
    return sent


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


def is_gone(plan: PoolPlan) -> bool:
    return not get("smtpserver", "only", namespace=plan.namespace)


def nothing_is_left(plan: PoolPlan, *, way: str, timeout: float) -> None:
    until(lambda: is_gone(plan), what=f"the server is gone ({way})", timeout=timeout)
    assert [name for name in left_behind(plan.namespace) if "only" in name] == [], way


@pytest.mark.parametrize("restart", [False, True], ids=["", "operator-restart"])
def test_an_empty_server_leaves_nothing(each_way: dict[str, PoolPlan], *, restart: bool) -> None:
    for way, plan in each_way.items():
        WAYS[way](plan)
    if restart:
        operator.kill()
    for way, plan in each_way.items():
        nothing_is_left(plan, way=way, timeout=90)


@pytest.mark.usefixtures("deferring")
def test_mail_in_the_queue_blocks_and_is_kept(stand: Stand, each_way: dict[str, PoolPlan]) -> None:
    queued = {way: queue_mail(stand, plan) for way, plan in each_way.items()}
    for way, plan in each_way.items():
        WAYS[way](plan)
    for way, plan in each_way.items():
        until(lambda: blocked(stand, plan), what=f"DrainBlocked names the mail ({way})", timeout=60)  # noqa: B023
    operator.kill()
    assert not any(is_gone(plan) for plan in each_way.values())
    stand.mailnet.reset()
    for plan in each_way.values():
        RelayPod(cluster=stand.cluster, namespace=plan.namespace, server="only").flush()
    for way, plan in each_way.items():
        nothing_is_left(plan, way=way, timeout=120)
    twice = {way: stand.all_arrive(sent) for way, sent in queued.items()}
    print(f"acknowledged {sum(len(sent.acks) for sent in queued.values())}, lost 0, accepted more than once {twice}")


def blocked(stand: Stand, plan: PoolPlan) -> str:
    condition = stand.server("only", namespace=plan.namespace).condition("DrainBlocked")
    return condition["message"] if condition.get("status") == "True" and "10" in condition["message"] else ""


@pytest.mark.usefixtures("deferring")
def test_a_namespace_with_mail_waits_for_a_decision(stand: Stand, small: PoolPlan) -> None:
    sent = queue_mail(stand, small)
    kubectl("delete", "namespace", small.namespace, "--wait=false")
    # At first it may say that the server still uses it: the namespace deletes both in an order of its own.
    until(lambda: "10" in held(small), what="the queue volume says that 10 messages hold it", timeout=90)
    assert get("namespace", small.namespace, namespace="default")["status"]["phase"] == "Terminating"
    events = kubectl("get", "events", "-n", "default", "-o", "jsonpath={.items[*].message}")
    assert small.namespace in events
    stand.server("only", namespace=small.namespace).annotate_decision("drop")
    until(lambda: not get("namespace", small.namespace, namespace="default"), what="namespace gone", timeout=90)
    kubectl("create", "namespace", small.namespace)
    assert stand.arrived(sent.prefix) == [], "what was to be dropped was dropped, and held until then"


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
