"""A node is cordoned or drained under a relay with mail that cannot move: nothing is lost, and it says why.

The volumes of this cluster are local to a node, and so are the addresses. Nobody but that relay is evicted.
"""

from collections.abc import Iterator

import pytest

from e2e.conftest import Cordon
from e2e.stand import operator
from e2e.stand.kubectl import kubectl
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.queued import all_delivered, fill, queued, relay
from e2e.stand.sender import Sent
from e2e.stand.stand import Stand
from e2e.stand.waiting import until
from smtppool.api.names import POOL

pytestmark = pytest.mark.node_addresses  # nodes of a cluster that is not ours are not for us to cordon

MESSAGES = 300
ENOUGH = 250  # of them in the queue of the relay that gets nearly all connections
LEAVING = "leaving"
PEERS = ("left", "right")
RESTART = pytest.mark.parametrize("restart", [False, True], ids=["", "operator-restart"])
HEALTH = {"minSamples": 1000000}  # what providers do here must not count against its health


@pytest.fixture
def plan(stand: Stand, namespace: str) -> PoolPlan:
    """One relay on a node of its own gets nearly all mail; its peers are on the other node."""
    left, right = (ServerPlan(name=name, address=f"198.51.100.{133 + 2 * n}", weight=1) for n, name in enumerate(PEERS))
    leaving = ServerPlan(name=LEAVING, address="198.51.100.134", weight=256)
    plan = PoolPlan(name="cordoned", namespace=namespace, servers=(left, leaving, right), spec={"health": HEALTH})
    stand.create(plan)
    assert relay(stand, plan, LEAVING).node not in {relay(stand, plan, name).node for name in PEERS}
    return plan


@pytest.fixture
def sent(stand: Stand, plan: PoolPlan) -> Iterator[Sent]:
    """The queue is full."""
    yield fill(stand, plan, LEAVING, messages=MESSAGES, enough=ENOUGH)
    stand.mailnet.reset()


def says(stand: Stand, plan: PoolPlan, condition: str, name: str = LEAVING) -> str:
    return str(stand.server(name, namespace=plan.namespace).says(condition))


def message(stand: Stand, plan: PoolPlan, condition: str) -> str:
    return str(stand.server(LEAVING, namespace=plan.namespace).condition(condition)["message"])


@RESTART
@pytest.mark.timeout(600)
def test_a_cordoned_node_gives_its_queue_away(
    stand: Stand, plan: PoolPlan, sent: Sent, cordon: Cordon, *, restart: bool
) -> None:
    pod = relay(stand, plan, LEAVING)
    node, uid = pod.node, pod.uid
    cordon(node)
    if restart:
        operator.kill()
    until(lambda: says(stand, plan, "Draining") == "False/NodeCordoned", what="it stands by", timeout=120)
    assert says(stand, plan, "DrainBlocked") == "False/NotBlocked"
    told = message(stand, plan, "Ready")
    print(f"Ready: {told}")
    for text in (node, "198.51.100.134", "volume", f"kubectl uncordon {node}"):
        assert text in told
    until(lambda: sum(queued(stand, plan, name) for name in PEERS) >= MESSAGES, what="all is at the peers", timeout=30)
    assert all_delivered(stand, plan, sent, *PEERS) == 0
    kubectl("uncordon", node)
    stand.in_traffic(plan)
    assert pod.uid == uid, "it never went away"


@RESTART
@pytest.mark.timeout(600)
def test_a_drained_node_loses_nothing(
    stand: Stand, plan: PoolPlan, sent: Sent, cordon: Cordon, *, restart: bool
) -> None:
    """At once, without a wait for the queue: what the peers have not got is on the volume."""
    pod = relay(stand, plan, LEAVING)
    node, uid = pod.node, pod.uid
    cordon(node)
    if restart:
        operator.kill()
    drain(plan, node)
    assert pod.uid != uid
    until(lambda: says(stand, plan, "Ready") == "False/NodeCordoned", what="Ready names the node", timeout=60)
    print(f"Ready: {message(stand, plan, 'Ready')}")
    assert f"{node} could run it" in message(stand, plan, "Ready")
    print(f"QueueUnreachable: {message(stand, plan, 'QueueUnreachable')}")
    kubectl("uncordon", node)
    stand.in_traffic(plan)
    all_delivered(stand, plan, sent, LEAVING, *PEERS)


def drain(plan: PoolPlan, node: str) -> None:
    """As an administrator does, but for the relays of this pool alone."""
    kubectl(
        "drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=240s",
        f"--pod-selector={POOL}={plan.name}", timeout=250,
    )  # fmt: skip
