"""Egress by `node`: nothing leaves by another address, also with the SNAT entry removed under load."""

import pytest

from e2e.stand.pods import RelayPod
from e2e.stand.pools import PoolPlan
from e2e.stand.sender import Sender
from e2e.stand.shares import counted
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import until

pytestmark = pytest.mark.node_addresses


def test_a_removed_entry_leaks_nothing(stand: Stand, pool: PoolPlan, sender: Sender) -> None:
    victim = RelayPod(cluster=stand.cluster, namespace=pool.namespace, server="primary")
    address = victim.exec("agent", "python3", "-c", "import os; print(os.environ['POD_IP'])").strip()
    run = sender.start(target(pool), "--rate", "50/s", "--duration", "20s", "-p", "10")
    until(lambda: len(stand.arrived(run.prefix)) > 100, what="mail flows", timeout=30)
    remove = f"nft delete element ip smtppool sources '{{ {address} }}' && echo removed || true"
    removals = [stand.cluster.node_exec(victim.node, "sh", "-c", remove).split() for _ in range(10)]
    sent = run.result()
    stand.all_arrive(sent, timeout=240)
    sources = counted(stand.mailnet, prefix=sent.prefix)
    print(f"removed {removals.count(['removed'])} times;", {s: sum(row.values()) for s, row in sources.items()})
    assert ["removed"] in removals
    assert set(sources) <= set(pool.shares)
    stand.in_traffic(pool)


def test_an_address_that_leaves_its_node_closes_the_relay(stand: Stand, pool: PoolPlan) -> None:
    victim = RelayPod(cluster=stand.cluster, namespace=pool.namespace, server="overflow")
    address = pool.addresses["overflow"]
    holder = victim.node
    stand.cluster.egress_del(holder, address)
    try:
        until(lambda: stand.weights(pool.namespace)["overflow"] == 0, what="weight 0", timeout=30)
        server = stand.server("overflow", namespace=pool.namespace)
        assert address in server.condition("EgressVerified")["message"]
    finally:
        stand.cluster.egress_add(holder, address)
    stand.in_traffic(pool)


def test_an_address_that_moves_is_told(stand: Stand, pool: PoolPlan) -> None:
    """The queue volume of the test cluster cannot follow to another node: the relay waits, and says for what."""
    nodes = [node.name for node in stand.cluster.nodes()]
    victim = RelayPod(cluster=stand.cluster, namespace=pool.namespace, server="overflow")
    here = victim.node
    there = next(node for node in nodes if node != here)
    address = pool.addresses["overflow"]
    stand.cluster.egress_del(here, address)
    stand.cluster.egress_add(there, address)
    try:
        until(lambda: stand.weights(pool.namespace)["overflow"] == 0, what="weight 0 while it cannot send", timeout=30)
        server = until(lambda: told(stand, pool), what="a Ready condition that names the reason", timeout=60)
        print(server)
    finally:
        stand.cluster.egress_del(there, address)
        stand.cluster.egress_add(here, address)
    stand.in_traffic(pool)


def told(stand: Stand, pool: PoolPlan) -> str:
    """What Ready says about a relay that cannot run; '' while it is fine."""
    condition = stand.server("overflow", namespace=pool.namespace).condition("Ready")
    return "" if condition.get("status") == "True" else condition.get("message", "")
