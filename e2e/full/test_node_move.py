"""A node is cordoned under relays that another node can run: one by one they hand over, go, and come back there."""

from collections.abc import Iterator

import pytest

from e2e.conftest import Cordon
from e2e.stand import operator
from e2e.stand.kubectl import apply, get, kubectl
from e2e.stand.pods import RelayPod
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.queues import LATER, PATIENT, Queues
from e2e.stand.stand import Stand
from e2e.stand.waiting import until

pytestmark = pytest.mark.node_addresses  # nodes of a cluster that is not ours are not for us to cordon

MESSAGES = 300
CLASS = "moves"


@pytest.fixture
def movable(stand: Stand, namespace: str) -> Iterator[PoolPlan]:
    """Relays that any node can run: their volumes are attached wherever they go, and their traffic needs no address."""
    names = ("one", "two", "three")
    folder = f"/var/{namespace}"
    apply(volume(f"{namespace}-{n}", f"{folder}/{n}") for n in range(len(names)))
    servers = tuple(
        ServerPlan(name=name, address=f"198.51.100.{136 + n}", provider="preprovisioned", weight=10)
        for n, name in enumerate(names)
    )
    spec = {
        "health": PATIENT,
        "egressCheck": {"mode": "Off"},
        "queue": {"size": "1Gi", "storageClassName": CLASS},
    }
    plan = PoolPlan(name="movable", namespace=namespace, servers=servers, spec=spec)
    stand.create(plan)
    yield plan
    stand.mailnet.reset()
    stand.empty(namespace)
    kubectl("create", "namespace", namespace)
    for n in range(len(names)):
        kubectl("delete", "persistentvolume", f"{namespace}-{n}")
    for one in stand.cluster.nodes():
        stand.cluster.node_exec(one.name, "rm", "-rf", folder)


def volume(name: str, path: str) -> dict[str, object]:
    """A directory that each node has: to a relay whose queue is empty it is like a volume of the network."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": CLASS,
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": path, "type": "DirectoryOrCreate"},
        },
    }


def placed(pod: RelayPod) -> str:
    """Node of the pod; '' while it has none, or there is no pod."""
    return str(get("pod", pod.name, namespace=pod.namespace).get("spec", {}).get("nodeName", ""))


@pytest.mark.parametrize("restart", [False, True], ids=["", "operator-restart"])
@pytest.mark.timeout(600)
def test_relays_that_can_move_do(stand: Stand, movable: PoolPlan, cordon: Cordon, *, restart: bool) -> None:
    queues, names = Queues(stand=stand, plan=movable), [server.name for server in movable.servers]
    pods = [queues.relay(name) for name in names]
    node = pods[0].node
    stand.mailnet.set("google", LATER)
    sent, _ = queues.fill("one", messages=MESSAGES, enough=MESSAGES // 6, mix="gmail.com=100")
    cordon(node)
    if restart:
        operator.kill()
    until(lambda: stand.weights(movable.namespace)["one"] == 0, what="it leaves the traffic", timeout=60)

    def moved() -> bool:
        serving = sum(weight > 0 for weight in stand.weights(movable.namespace).values())
        assert serving >= 1, "the pool is never empty"
        return all(placed(pod) not in {node, ""} for pod in pods)

    until(moved, what="nobody is on the cordoned node", timeout=300, interval=0.5)
    stand.in_traffic(movable)
    assert max(queues.all_delivered(sent, *names).values()) == 1
