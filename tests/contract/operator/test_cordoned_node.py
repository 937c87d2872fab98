"""A cordoned node: its relays hand over, then start elsewhere, or say why not. Never so many that the pool is empty."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest_asyncio

from smtppool.api.documents import Intake, Lanes, NodeEgressReport, QueueDepth
from smtppool.api.names import Key
from smtppool.kube.client import Api
from smtppool.kube.kinds import PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, POD, SMTP_POOL, SMTP_SERVER, Body, uid_of
from tests.contract.operator.conftest import OPERATOR_NAMESPACE
from tests.contract.operator.drains import NAMES, QUEUED, RESTART, granted, replicas, state, three
from tests.contract.operator.mail import Mail
from tests.contract.operator.nodes import SimulatedNode, simulated_node
from tests.contract.operator.objects import fresh_address, pool, server
from tests.contract.operator.process import OperatorProcess
from tests.contract.operator.test_nodes import ordered_rule
from tests.contract.operator.test_quiet import quiet
from tests.contract.operator.waiting import equals, until
from tests.contract.operator.world import World

Nodes = tuple[SimulatedNode, SimulatedNode]
IN_TRAFFIC = dict.fromkeys(NAMES, 10)


@pytest_asyncio.fixture
async def nodes(api: Api, world: World) -> AsyncIterator[Nodes]:
    """Two more; a relay of a test runs on the first that takes pods, if the test says so."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(simulated_node(api, OPERATOR_NAMESPACE))
        second = await stack.enter_async_context(simulated_node(api, OPERATOR_NAMESPACE))
        yield first, second
        for one in (first, second):
            await one.cordon(unschedulable=False)
        await world.patch(SMTP_POOL, "marketing", {"metadata": {"annotations": {"smtppool.io/paused": "true"}}})


async def node_of(world: World, name: str) -> str | None:
    pod = await world.get(POD, f"{name}-relay-0")
    return pod["spec"].get("nodeName") if pod is not None else None


async def runs_on(world: World, name: str, node: str) -> None:
    wanted: str | None = node
    await equals(lambda: node_of(world, name), wanted, what=f"node of {name}", within=30)


async def fixed(world: World, name: str, node: SimulatedNode) -> None:
    """Its volume is on that node and nowhere else."""
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node.name]}]}
    volume = f"{world.namespace}-{name}"
    spec = {
        "capacity": {"storage": "10Gi"},
        "accessModes": ["ReadWriteOnce"],
        "hostPath": {"path": "/nowhere"},
        "claimRef": {"namespace": world.namespace, "name": f"{name}-queue"},
        "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}},
    }
    await world.create(
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": volume}, "spec": spec},
    )

    async def bound() -> bool:
        claim = await world.must(PERSISTENT_VOLUME_CLAIM, f"{name}-queue")
        return str(claim.get("status", {}).get("phase")) == "Bound"

    await until(bound, what=f"the volume of {name}")


async def forget_volume(world: World, name: str) -> None:
    body = await world.api.get(PERSISTENT_VOLUME, Key("", f"{world.namespace}-{name}"))
    assert body is not None
    await world.api.delete(PERSISTENT_VOLUME, Key("", body["metadata"]["name"]), uid=uid_of(body))


@RESTART
async def test_a_relay_hands_over_and_moves(
    world: World, nodes: Nodes, operator: OperatorProcess, restart: bool
) -> None:
    first, second = nodes
    world.relays["mx1"].nodes = (first.name, second.name)
    await three(world)
    await runs_on(world, "mx1", first.name)
    world.relays["mx1"].queue = QUEUED
    volume = uid_of(await world.must(PERSISTENT_VOLUME_CLAIM, "mx1-queue"))
    await first.cordon()
    await granted(world, "mx1", Lanes.HANDOVER, Intake.CLOSED)
    assert "peers mx2, mx3" in await world.says("mx1", "Draining", "True/HandingOver")
    await world.routed({"mx1": 0, "mx2": 10, "mx3": 10})
    assert await node_of(world, "mx1") == first.name
    if restart:
        operator.kill()
        operator.start()
    async with Mail(world, NAMES) as mail:
        await runs_on(world, "mx1", second.name)
        assert (mail.at("mx1"), mail.total) == (0, 37)
    await world.routed(IN_TRAFFIC)
    await state(world, "mx1", "InTraffic")
    await world.says("mx1", "Draining", "False/NotRequested")
    assert uid_of(await world.must(PERSISTENT_VOLUME_CLAIM, "mx1-queue")) == volume
    assert "onCordonedNodes" not in (await world.must(SMTP_POOL, "marketing"))["status"]


@RESTART
async def test_a_relay_that_cannot_move_stands_by(
    world: World, nodes: Nodes, operator: OperatorProcess, restart: bool
) -> None:
    first, _ = nodes
    world.relays["mx1"].nodes = (first.name,)
    await three(world)
    await fixed(world, "mx1", first)
    pod = uid_of(await world.must(POD, "mx1-relay-0"))
    world.relays["mx1"].queue = QUEUED
    await first.cordon()
    await granted(world, "mx1", Lanes.HANDOVER, Intake.CLOSED)
    if restart:
        operator.kill()
        operator.start()
    async with Mail(world, NAMES) as mail:
        told = await world.says("mx1", "Draining", "False/NodeCordoned")
        assert (mail.at("mx1"), mail.total) == (0, 37)
    for text in (first.name, "volume", "kubectl uncordon"):
        assert text in told
    assert await world.says("mx1", "Ready", "False/NodeCordoned") == told
    await state(world, "mx1", "Drained")
    assert await replicas(world, "mx1") == 1
    there = {name: world.relays[name].queue for name in NAMES}
    await equals(lambda: queues(world), there, what="figures are told, which may wait a while", within=10)
    before, told_before = await quiet(world), await statuses(world)
    operator.kill()
    operator.start()
    after = await quiet(world)
    assert await statuses(world) == told_before
    assert after == before, "standing by costs no write"
    await first.cordon(unschedulable=False)
    await world.routed(IN_TRAFFIC)
    await world.says("mx1", "Ready", "True/Ready")
    assert uid_of(await world.must(POD, "mx1-relay-0")) == pod
    await forget_volume(world, "mx1")


async def test_uncordoned_in_the_middle(world: World, nodes: Nodes) -> None:
    first, second = nodes
    world.relays["mx1"].nodes = (first.name, second.name)
    await three(world)
    world.relays["mx1"].queue = QUEUED
    pod = uid_of(await world.must(POD, "mx1-relay-0"))
    await first.cordon()
    await world.says("mx1", "Draining", "True/HandingOver")
    await first.cordon(unschedulable=False)
    await granted(world, "mx1", Lanes.OPEN, Intake.OPEN)
    await world.routed(IN_TRAFFIC)
    assert uid_of(await world.must(POD, "mx1-relay-0")) == pod


async def test_all_members_on_one_node_move_one_after_the_other(world: World, nodes: Nodes) -> None:
    first, second = nodes
    for name in NAMES:
        world.relays[name].nodes = (first.name, second.name)
    await three(world)
    fewest = len(NAMES)

    async def moved() -> bool:
        nonlocal fewest
        fewest = min(fewest, sum(weight > 0 for weight in (await world.weights()).values()))
        return [await node_of(world, name) for name in NAMES] == [second.name] * 3

    await first.cordon()
    await until(moved, what="all on the other node", within=90)
    await world.routed(IN_TRAFFIC)
    assert fewest == len(NAMES) - 1


async def test_all_members_on_one_node_that_nobody_can_leave(world: World, nodes: Nodes) -> None:
    first, _ = nodes
    for name in NAMES:
        world.relays[name].nodes = (first.name,)
    await three(world)
    for name in NAMES:
        await fixed(world, name, first)
    await first.cordon()
    await world.says("mx1", "Draining", "False/NodeCordoned")
    for name in ("mx2", "mx3"):
        told = await world.says(name, "Draining", "False/MaxUnavailable")
        for text in (f"{first.name} is cordoned", "2 of 3 members would be out", "cannot move either", "volume"):
            assert text in told
        await world.says(name, "Ready", "True/Ready")
    await world.routed({"mx1": 0, "mx2": 10, "mx3": 10})
    for name in NAMES:
        await forget_volume(world, name)


async def test_one_that_stands_by_is_called_back_when_it_is_needed(world: World, nodes: Nodes) -> None:
    first, _ = nodes
    world.relays["mx1"].nodes = (first.name,)
    await three(world)
    await fixed(world, "mx1", first)
    await first.cordon()
    await world.says("mx1", "Draining", "False/NodeCordoned")
    for name in ("mx2", "mx3"):
        await world.patch(SMTP_SERVER, name, {"spec": {"desiredState": "Cordoned"}})
    await world.routed({"mx1": 10, "mx2": 0, "mx3": 0})
    await world.says("mx1", "Draining", "False/LastMember")
    await forget_volume(world, "mx1")


async def test_a_relay_follows_its_address_to_the_other_node(world: World, nodes: Nodes) -> None:
    """Only where a node that takes pods reports it."""
    first, second = nodes
    address = fresh_address()
    relay = {"hostname": "mx1.example.com", "egress": {"address": address, "provider": "node"}}
    await first.report(NodeEgressReport(node=first.name, held=(address,)))
    await second.report(NodeEgressReport(node=second.name))
    others = (server(world.namespace, name, weight=10) for name in ("mx2", "mx3"))
    await world.create(pool(world.namespace), server(world.namespace, "mx1", relay=relay, weight=10), *others)
    await translated(world, first, address)
    await first.cordon()
    assert address in await world.says("mx1", "Draining", "False/NodeCordoned")
    assert await node_of(world, "mx1") == first.name
    await second.report(NodeEgressReport(node=second.name, held=(address,)))
    await translated(world, second, address)


async def translated(world: World, node: SimulatedNode, address: str) -> None:
    """It runs there, and that node's program does as it is told."""
    await runs_on(world, "mx1", node.name)
    rule = await ordered_rule(world, node, address)
    await node.report(NodeEgressReport(node=node.name, held=(address,), applied=(rule,)))
    await world.routed(IN_TRAFFIC)


async def test_an_evicted_relay_waits_for_its_node_and_says_so(world: World, nodes: Nodes) -> None:
    """`kubectl drain` has not waited for the queue: it is on the volume, and the relay comes back with it."""
    first, _ = nodes
    world.relays["mx1"].nodes = (first.name,)
    await three(world)
    await fixed(world, "mx1", first)
    world.relays["mx1"].queue = QUEUED
    await world.says("mx1", "Ready", "True/Ready")
    await first.cordon()
    await granted(world, "mx1", Lanes.HANDOVER, Intake.CLOSED)
    await world.delete(POD, "mx1-relay-0")
    told = await world.says("mx1", "Ready", "False/NodeCordoned")
    assert f"{first.name} could run it" in told
    assert "37 messages" in await world.says("mx1", "QueueUnreachable", "True/PodCannotStart")
    await world.routed({"mx2": 10, "mx3": 10})
    await first.cordon(unschedulable=False)
    await world.routed(IN_TRAFFIC)
    await granted(world, "mx1", Lanes.OPEN, Intake.OPEN)
    assert world.relays["mx1"].queue == QUEUED
    await forget_volume(world, "mx1")


async def test_a_pool_that_observes_changes_nothing(world: World, nodes: Nodes) -> None:
    first, second = nodes
    world.relays["mx1"].nodes = (first.name, second.name)
    await three(world)
    await world.patch(SMTP_POOL, "marketing", {"spec": {"mode": "Observe"}})
    await first.cordon()
    assert "cordoned" in await world.says("mx1", "Draining", "False/Observe")
    await world.routed(IN_TRAFFIC)
    assert await node_of(world, "mx1") == first.name


async def statuses(world: World) -> dict[str, Body]:
    """What is told of each server."""
    return {name: (await world.must(SMTP_SERVER, name))["status"] for name in NAMES}


async def queues(world: World) -> dict[str, QueueDepth]:
    """As the statuses show them."""
    return {name: QueueDepth.model_validate(status["queue"]) for name, status in (await statuses(world)).items()}
