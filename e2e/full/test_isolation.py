"""Two pools in two namespaces do not see each other; one address cannot be in two of them."""

from collections.abc import Iterator

import pytest

from e2e.stand.kubectl import apply, get
from e2e.stand.pods import RelayPod
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.sender import Sender
from e2e.stand.shares import counted
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import equal

ADDRESS = "198.51.100.71"


@pytest.fixture
def other(stand: Stand) -> Iterator[PoolPlan]:
    """A pool of the same names in another namespace."""
    plan = PoolPlan(name="marketing", namespace="tenant-b", servers=(ServerPlan(name="primary", address=ADDRESS),))
    with stand.namespace(plan.namespace):
        stand.create(plan)
        yield plan


def test_pools_are_apart(stand: Stand, pool: PoolPlan, other: PoolPlan, sender: Sender) -> None:
    foreign = stand.sender(other.namespace)
    ours, theirs = sender.send(target(pool), "-n", "90"), foreign.send(target(other), "-n", "90")
    stand.all_arrive(ours)
    stand.all_arrive(theirs)
    assert set(counted(stand.mailnet, prefix=ours.prefix)) == set(pool.shares)
    assert set(counted(stand.mailnet, prefix=theirs.prefix)) == {ADDRESS}
    inner = RelayPod(cluster=stand.cluster, namespace=other.namespace, server="primary")
    routing = inner.exec("agent", "cat", "/var/spool/smtppool/state/routing.json")
    assert all(address not in routing for address in pod_addresses(pool))


def pod_addresses(plan: PoolPlan) -> list[str]:
    """Pod addresses of a pool's members."""
    return [get("pod", f"{s.name}-relay-0", namespace=plan.namespace)["status"]["podIP"] for s in plan.servers]


def test_the_older_object_keeps_an_address(stand: Stand, pool: PoolPlan, other: PoolPlan) -> None:
    thief = ServerPlan(name="thief", address=pool.servers[0].address)
    apply([thief.manifest(namespace=other.namespace, pool=other.name)])
    equal(
        lambda: stand.server("thief", namespace=other.namespace).says("Accepted"), "False/Conflict",
        what="Accepted of the younger server", timeout=30,
    )  # fmt: skip
    assert stand.weights(pool.namespace)[pool.servers[0].name] == pool.servers[0].weight
    message = stand.server("thief", namespace=other.namespace).condition("Accepted")["message"]
    assert thief.address in message
