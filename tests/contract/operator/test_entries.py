"""An entry that most others cannot connect to takes no new clients, long before the kubelet knows that it is silent."""

from smtppool.api.documents import NodeEgressReport, Report
from smtppool.api.names import ENTRY, REPORT_KEY, report_name
from smtppool.kube.kinds import CONFIG_MAP, POD
from tests.contract.operator.conftest import OPERATOR_NAMESPACE
from tests.contract.operator.nodes import SimulatedNode, simulated_node
from tests.contract.operator.objects import pool, server
from tests.contract.operator.waiting import equals
from tests.contract.operator.world import World

NAMES = ("mx1", "mx2", "mx3")


async def entries(world: World) -> list[str]:
    """Relays whose pod the Service selects."""
    pods = {name: await world.get(POD, f"{name}-relay-0") for name in NAMES}
    return [name for name, body in pods.items() if body is not None and ENTRY in body["metadata"]["labels"]]


async def voted(world: World) -> list[tuple[str, ...] | None]:
    """What the agents report; None: nothing yet."""
    bodies = [await world.must(CONFIG_MAP, report_name(name)) for name in NAMES]
    texts = [body.get("data", {}).get(REPORT_KEY) for body in bodies]
    return [Report.model_validate_json(text).down if text else None for text in texts]


async def silent(node: SimulatedNode) -> tuple[str, ...]:
    """Pods of which the node is told that they answer nobody."""
    order = await node.order()
    return order.silent if order is not None else ()


async def test_an_entry_that_is_down_leaves_the_service_and_comes_back(world: World) -> None:
    await world.create(pool(world.namespace), *(server(world.namespace, name) for name in NAMES))
    await world.routed(dict.fromkeys(NAMES, 100))  # each has an address, and is ready
    await equals(lambda: entries(world), list(NAMES), what="all are entries")
    silent_one: tuple[str, ...] = ((await world.must(POD, "mx1-relay-0"))["status"]["podIP"],)
    async with simulated_node(world.api, OPERATOR_NAMESPACE) as node:
        await node.report(NodeEgressReport(node=node.name))
        world.relays["mx2"].down = ("mx1",)
        world.relays["mx3"].down = ("mx1",)
        await equals(lambda: entries(world), ["mx2", "mx3"], what="the silent one is no entry", within=3)
        await equals(lambda: silent(node), silent_one, what="nodes forget attempts to reach it", within=3)
        world.relays["mx1"].down = ("mx2", "mx3")  # it is cut off, and has no say
        world.relays["mx2"].down = world.relays["mx3"].down = ()
        await equals(lambda: entries(world), list(NAMES), what="it is back", within=3)
        await equals(lambda: silent(node), silent_one[:0], what="nodes forget none any more", within=3)


async def test_one_voice_of_two_is_not_enough(world: World) -> None:
    await world.create(pool(world.namespace), *(server(world.namespace, name) for name in NAMES))
    await equals(lambda: entries(world), list(NAMES), what="all are entries")
    world.relays["mx2"].down = ("mx1",)
    world.relays["mx3"].down = ("mx2",)
    said: list[tuple[str, ...] | None] = [(), ("mx1",), ("mx2",)]
    await equals(lambda: voted(world), said, what="the reports say so", within=10)
    await world.patch(POD, "mx3-relay-0", {"metadata": {"labels": {ENTRY: None}}})  # has to be put back: a pass ran
    await equals(lambda: entries(world), list(NAMES), what="all are entries still", within=5)
