"""The egress providers beside `node`: hostNetwork binds to the address, preprovisioned only verifies it."""

import pytest

from e2e.stand.ground import OWN_POD_NETWORK
from e2e.stand.kubectl import apply
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.shares import counted
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import until


@pytest.mark.node_addresses
def test_host_network(stand: Stand, namespace: str) -> None:
    plan = PoolPlan(
        name="bare",
        namespace=namespace,
        servers=(ServerPlan(name="bound", address="198.51.100.77", provider="hostNetwork"),),
        # A pod that talks to another node's address is masqueraded by most CNIs: clients come from their nodes.
        spec={
            "submission": {
                "allowedNetworks": [OWN_POD_NETWORK, *(f"{node.address}/32" for node in stand.cluster.nodes())]
            }
        },
    )
    stand.create(plan)
    sent = stand.sender(namespace).send(target(plan), "-n", "30")
    assert len(sent.acks) == 30, sent.errors
    stand.all_arrive(sent)
    assert set(counted(stand.mailnet, prefix=sent.prefix)) == {"198.51.100.77"}


def at(node_address: str, node: str, namespace: str) -> PoolPlan:
    """A pool whose one relay is on `node` and states `node_address` as what receivers see."""
    return PoolPlan(
        name="cloud",
        namespace=namespace,
        servers=(ServerPlan(name="natted", address=node_address, provider="preprovisioned"),),
        spec={"pod": {"nodeSelector": {"kubernetes.io/hostname": node}}},
    )


@pytest.mark.node_addresses
def test_preprovisioned(stand: Stand, namespace: str) -> None:
    """Pods leave by their node's address here: stated, it is verified and mail flows."""
    node = stand.cluster.nodes()[0]
    plan = at(node.address, node.name, namespace)
    apply(plan.manifests())
    stand.in_traffic(plan)
    sent = stand.sender(namespace).send(target(plan), "-n", "30")
    stand.all_arrive(sent)
    assert set(counted(stand.mailnet, prefix=sent.prefix)) == {node.address}


@pytest.mark.node_addresses
def test_preprovisioned_with_a_wrong_address(stand: Stand, namespace: str) -> None:
    node = stand.cluster.nodes()[0]
    plan = at("198.51.100.78", node.name, namespace)
    apply(plan.manifests())
    until(
        lambda: stand.server("natted", namespace=namespace).says("EgressVerified") == "False/Mismatch",
        what="EgressVerified=False/Mismatch",
        timeout=90,
    )
    condition = stand.server("natted", namespace=namespace).condition("EgressVerified")
    assert node.address in condition["message"]
    assert stand.weights(namespace)["natted"] == 0
