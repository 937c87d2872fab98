"""Egress by a node: no pod before a node holds the address, no lane before the rule is in force."""

from e2e.cluster.controlplane import ControlPlane
from smtppool.api.documents import EgressRule, NodeEgress, NodeEgressReport
from smtppool.api.names import Key
from smtppool.kube.kinds import POD, STATEFUL_SET
from smtppool.render.egress.placement import pinned_node
from tests.contract.operator.conftest import OPERATOR_NAMESPACE
from tests.contract.operator.nodes import SimulatedNode, simulated_node
from tests.contract.operator.objects import fresh_address, pool, server
from tests.contract.operator.waiting import until
from tests.contract.operator.world import World


async def ordered(node: SimulatedNode) -> NodeEgress:
    order = await node.order()
    assert order is not None
    return order


async def test_from_no_node_to_a_verified_lane_and_back(plane: ControlPlane, world: World) -> None:
    address = fresh_address()
    relay = {"hostname": "mx1.example.com", "egress": {"address": address, "provider": "node"}}
    world.relays["mx1"].starts = False
    await world.create(pool(world.namespace), server(world.namespace, "mx1", relay=relay, weight=9))
    assert address in await world.says("mx1", "EgressVerified", "False/NodeWithoutAddress")
    await world.says("mx1", "Ready", "False/NodeWithoutAddress")
    assert await world.get(STATEFUL_SET, "mx1-relay") is None
    async with simulated_node(world.api, OPERATOR_NAMESPACE) as node:
        await node.report(NodeEgressReport(node=node.name))

        async def wanted() -> bool:
            return address in (await ordered(node)).wanted

        await until(wanted, what="the node is asked for the address")
        await node.report(NodeEgressReport(node=node.name, held=(address,)))
        await placed(plane, world, node)
        rule = await ordered_rule(world, node, address)
        await world.says("mx1", "EgressVerified", "False/RuleNotApplied")
        await world.routed({"mx1": 0})
        await node.report(NodeEgressReport(node=node.name, held=(address,), applied=(rule,)))
        await world.says("mx1", "EgressVerified", "True/Verified")
        await world.routed({"mx1": 9})
        await node.report(NodeEgressReport(node=node.name, held=(), applied=()))
        await world.routed({"mx1": 0})

        async def held_back() -> bool:
            return (await ordered(node)).rules == (EgressRule(pod_address=rule.pod_address),)

        await until(held_back, what="a rule without a source")


async def placed(plane: ControlPlane, world: World, node: SimulatedNode) -> None:
    """The StatefulSet is pinned to the node, and its pod runs there."""

    async def pinned() -> bool:
        body = await world.must(STATEFUL_SET, "mx1-relay")
        return pinned_node(body["spec"]["template"]) == node.name

    async def made() -> bool:
        return await world.api.get(POD, Key(world.namespace, "mx1-relay-0")) is not None

    await until(pinned, what="the StatefulSet on the node")
    await until(made, what="the pod")
    node.bind(plane, world.namespace, "mx1-relay-0")
    world.relays["mx1"].starts = True


async def ordered_rule(world: World, node: SimulatedNode, address: str) -> EgressRule:
    """The rule that the node is given."""

    async def given() -> EgressRule | None:
        pod = await world.must(POD, "mx1-relay-0")
        wanted = EgressRule(pod_address=pod["status"]["podIP"], source=address) if "podIP" in pod["status"] else None
        return wanted if wanted in (await ordered(node)).rules else None

    rule = await until(given, what="the rule in the node's order")
    assert rule is not None
    return rule
