"""A node is cordoned or drained under a relay with mail that cannot move: nothing is lost, and it says why.

The volumes of this cluster are local to a node, and so are the addresses. Nobody but that relay is evicted.
"""

import re
from collections.abc import Iterator

import pytest

from e2e.conftest import Cordon
from e2e.stand import operator
from e2e.stand.kubectl import kubectl
from e2e.stand.pools import PoolPlan
from e2e.stand.queues import FULL, LATER, PEERS, Queues, one_full
from e2e.stand.sender import Sent
from e2e.stand.stand import Stand
from e2e.stand.waiting import until
from smtppool.api.names import POOL

pytestmark = pytest.mark.node_addresses  # nodes of a cluster that is not ours are not for us to cordon

MESSAGES = 300
ENOUGH = 250  # of them in the queue of the relay that gets nearly all connections
ADDRESS = "198.51.100.134"
COUNTED = re.compile(r"the pod cannot start; last known: (\d+) messages")
RESTART = pytest.mark.parametrize("restart", [False, True], ids=["", "operator-restart"])


@pytest.fixture
def queues(stand: Stand, namespace: str) -> Queues:
    """The relay to be filled is on a node of its own, its peers are on the other one."""
    plan = one_full("cordoned", namespace=namespace, addresses=(ADDRESS, "198.51.100.133", "198.51.100.135"))
    stand.create(plan)
    queues = Queues(stand=stand, plan=plan)
    assert queues.relay(FULL).node not in {queues.relay(name).node for name in PEERS}
    return queues


@pytest.fixture
def sent(stand: Stand, queues: Queues) -> Iterator[Sent]:
    """The queue is full, and the status says so."""
    stand.mailnet.set("google", LATER)
    sent, _ = queues.fill(FULL, messages=MESSAGES, enough=ENOUGH, mix="gmail.com=100")
    until(lambda: queues.shown(FULL) >= ENOUGH, what="the status shows the queue", timeout=60)
    yield sent
    stand.mailnet.reset()


def cordoned(queues: Queues, cordon: Cordon, *, restart: bool) -> tuple[str, str]:
    """Under the full relay, with the operator killed at once if that is asked for: the node, and the pod's uid."""
    pod = queues.relay(FULL)
    node, uid = pod.node, pod.uid
    cordon(node)
    if restart:
        operator.kill()
    return node, uid


@RESTART
@pytest.mark.timeout(600)
def test_a_cordoned_node_gives_its_queue_away(
    stand: Stand, queues: Queues, sent: Sent, cordon: Cordon, *, restart: bool
) -> None:
    node, uid = cordoned(queues, cordon, restart=restart)
    until(lambda: queues.says(FULL, "Draining") == "False/NodeCordoned", what="it stands by", timeout=120)
    assert queues.says(FULL, "DrainBlocked") == "False/NotBlocked"
    told = queues.told(FULL, "Ready")
    print(f"Ready: {told}")
    for text in (node, ADDRESS, "volume", f"kubectl uncordon {node}"):
        assert text in told
    until(lambda: sum(queues.shown(name) for name in PEERS) >= MESSAGES, what="all is at the peers", timeout=30)
    assert max(queues.all_delivered(sent, *PEERS).values()) == 1
    kubectl("uncordon", node)
    stand.in_traffic(queues.plan)
    assert queues.relay(FULL).uid == uid, "it never went away"


@RESTART
@pytest.mark.timeout(600)
def test_a_drained_node_loses_nothing(
    stand: Stand, queues: Queues, sent: Sent, cordon: Cordon, *, restart: bool
) -> None:
    """At once, without a wait for the queue: what the peers have not got is on the volume."""
    node, uid = cordoned(queues, cordon, restart=restart)
    drain(queues.plan, node)
    assert queues.relay(FULL).uid != uid
    until(lambda: queues.says(FULL, "Ready") == "False/NodeCordoned", what="Ready names the node", timeout=60)
    print(f"Ready: {queues.told(FULL, 'Ready')}")
    assert f"{node} could run it" in queues.told(FULL, "Ready")
    left, at_peers = out_of_reach(queues), sum(queues.held(name).total() for name in PEERS)
    print(f"on the volume {left}, at the peers {at_peers}")
    assert 0 < left == queues.shown(FULL)
    assert left + at_peers >= MESSAGES, (
        "what was handed over after the last count is counted twice, nothing is left out"
    )
    kubectl("uncordon", node)
    stand.in_traffic(queues.plan)
    assert max(queues.all_delivered(sent, FULL, *PEERS).values()) == 1


def out_of_reach(queues: Queues) -> int:
    """Messages that nobody can look into until the relay runs again, as QueueUnreachable counts them."""
    wanted, condition = "True/PodCannotStart", "QueueUnreachable"
    until(lambda: queues.says(FULL, condition) == wanted, what=f"{condition} is {wanted}", timeout=30)
    told = queues.told(FULL, condition)
    print(f"{condition}: {told}")
    counted = COUNTED.fullmatch(told)
    assert counted, told
    return int(counted[1])


def drain(plan: PoolPlan, node: str) -> None:
    """As an administrator does, but for the relays of this pool alone."""
    kubectl(
        "drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=240s",
        f"--pod-selector={POOL}={plan.name}", timeout=250,
    )  # fmt: skip
