"""A relay that is killed, and one that silently drops packets, delay no client for long; the operator repairs quickly.

A probe opens a connection every 20 ms and notes how long each waited for its banner.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import NamedTuple

import pytest

from e2e.stand.kubectl import get, items, kubectl, patch
from e2e.stand.operator import NAMESPACE
from e2e.stand.pods import RelayPod
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.stand import Stand, numeric_target
from e2e.stand.waiting import until
from smtppool.api.names import ENTRY, SERVER

SECONDS = 30
GRACE, LONGEST = 3.0, 1.0  # seconds after the fault from which on no banner comes later
RESTORED, RECONCILING = 5.0, 10.0


@contextmanager
def dropping(pod: RelayPod) -> Iterator[None]:
    """Packets to and from the pod vanish, as on a network that fails silently; lifted at the end."""
    pid = str(pod.processes("haproxy")[0])
    inside = ("nsenter", "-t", pid, "-n")
    pod.cluster.node_exec(pod.node, *inside, "iptables", "-I", "INPUT", "!", "-i", "lo", "-j", "DROP")
    try:
        yield
    finally:
        pod.cluster.node_exec(pod.node, *inside, "iptables", "-F", "INPUT")


def killed(pod: RelayPod) -> AbstractContextManager[None]:
    kubectl("delete", "pod", pod.name, "-n", pod.namespace, "--force", "--grace-period=0")
    return nullcontext()


class Fault(NamedTuple):
    """What is done to one relay."""

    do: Callable[[RelayPod], AbstractContextManager[None]]
    entry: bool


FAULTS = {
    "killed": Fault(killed, entry=True),
    "relay-drops": Fault(dropping, entry=False),
    "entry-drops": Fault(dropping, entry=True),
}


@pytest.fixture
def half(stand: Stand, namespace: str) -> PoolPlan:
    """Three relays, two of which are entries."""
    servers = tuple(ServerPlan(name=f"mx{n}", address=f"198.51.100.{120 + n}", weight=10) for n in range(3))
    plan = PoolPlan(name="half", namespace=namespace, servers=servers, spec={"entry": {"replicas": 2}})
    stand.create(plan)
    return plan


@pytest.mark.node_addresses
@pytest.mark.parametrize("name", FAULTS)
def test_no_client_notices_for_long(stand: Stand, half: PoolPlan, name: str) -> None:
    fault, entries = FAULTS[name], until(lambda: settled(half), what="an entry on each node", timeout=60)
    others = {server.name for server in half.servers} - entries
    server = min(entries if fault.entry else others)
    victim = RelayPod(cluster=stand.cluster, namespace=half.namespace, server=server)
    sender = stand.sender(half.namespace)
    probing = sender.open("smtpload", "probe", numeric_target(half), "--duration", f"{SECONDS}s", "--interval", "20ms")
    time.sleep(3)  # probes before the fault
    with fault.do(victim):
        happened = time.time()
        probes = json.loads(sender.close(probing, timeout=SECONDS + 60))["probes"]
    since = [(probe["at"] - happened, probe["answered"] - probe["at"], probe["error"]) for probe in probes]
    slow = [at for at, waited, error in since if at > 0 and (waited > LONGEST or error)]
    late = [one for one in since if one[0] > GRACE]
    last, slowest = max(slow, default=0.0), max(waited for _, waited, _ in late)
    print(f"{name} ({server}): {len(slow)} of {len(since)} connections slow or failed, the last after {last:.1f} s")
    print(f"from {GRACE:.0f} s after it on the slowest banner took {slowest:.3f} s")
    assert len(late) > 100
    assert [one for one in late if one[2]] == []
    assert slowest <= LONGEST
    stand.in_traffic(half)


def settled(half: PoolPlan) -> set[str]:
    """Its entries, once they are on different nodes: whose pod is ready first is an entry until then."""
    pods = items("pods", namespace=half.namespace, selector=SERVER)
    entries = [pod for pod in pods if ENTRY in pod["metadata"]["labels"]]
    nodes = {pod["spec"]["nodeName"] for pod in entries}
    return {pod["metadata"]["labels"][SERVER] for pod in entries} if len(nodes) == len(entries) == 2 else set()


@pytest.mark.parametrize("kind", ["service", "poddisruptionbudget", "configmap"])
def test_a_deleted_child_is_restored(pool: PoolPlan, kind: str) -> None:
    name = f"{pool.name}-routing" if kind == "configmap" else pool.name
    before = get(kind, name, namespace=pool.namespace)["metadata"]["uid"]
    kubectl("delete", kind, name, "-n", pool.namespace, "--wait=false")
    begun = time.monotonic()
    until(
        lambda: get(kind, name, namespace=pool.namespace).get("metadata", {}).get("uid", before) != before,
        what=f"{kind} {name} is there again", timeout=30, interval=0.1,
    )  # fmt: skip
    seconds = time.monotonic() - begun
    print(f"{kind} restored after {seconds:.1f} s")
    assert seconds <= RESTORED


@pytest.mark.node_addresses
def test_a_killed_operator_reconciles_again(stand: Stand, pool: PoolPlan) -> None:
    """kill -9 of its process: the kubelet starts it again in the same pod."""
    kill_operator(stand)
    begun = time.monotonic()
    server = pool.servers[0]
    patch("smtpserver", server.name, {"spec": {"weight": 7}}, namespace=pool.namespace)
    try:
        until(
            lambda: stand.weights(pool.namespace)[server.name] == 7,
            what="the operator works again", timeout=60, interval=0.1,
        )  # fmt: skip
        seconds = time.monotonic() - begun
    finally:
        patch("smtpserver", server.name, {"spec": {"weight": server.weight}}, namespace=pool.namespace)
    print(f"reconciling again {seconds:.1f} s after the kill")
    assert seconds <= RECONCILING


def kill_operator(stand: Stand) -> None:
    pods = json.loads(
        kubectl("get", "pods", "-n", NAMESPACE, "-l", "app.kubernetes.io/component=operator", "-o", "json")
    )
    (pod,) = pods["items"]
    container = pod["status"]["containerStatuses"][0]["containerID"].rpartition("/")[2]
    script = f"kill -9 $(grep -ls {container} /proc/[0-9]*/cgroup | cut -d/ -f3)"
    stand.cluster.node_exec(pod["spec"]["nodeName"], "sh", "-c", script)
