"""A node that is gone with its relay: the queue is told as out of reach, and nobody else gets the address."""

from smtppool.api.documents import Lanes, QueueDepth
from smtppool.api.names import Key
from smtppool.kube.kinds import POD, SMTP_SERVER, uid_of
from tests.contract.operator.objects import fresh_address, pool, server
from tests.contract.operator.waiting import until
from tests.contract.operator.world import World


async def test_the_address_waits_until_the_old_pod_is_proven_gone(world: World) -> None:
    address = fresh_address()
    await world.create(pool(world.namespace), server(world.namespace, "mx1", address, weight=10))
    await world.routed({"mx1": 10})
    world.relays["mx1"].queue = QueueDepth(deferred=7)
    world.relays["mx1"].ends = False

    async def counted() -> bool:
        status = (await world.must(SMTP_SERVER, "mx1"))["status"]
        return bool(status.get("queue", {}).get("messages") == 7)

    await until(counted, what="the queue in the status")
    world.relays["mx1"].reports = False
    await evicted(world, "mx1")
    await world.routed({"mx1": 0})
    told = await world.says("mx1", "QueueUnreachable", "True/NodeSilent", within=60)
    assert "7 messages" in told
    await world.delete(SMTP_SERVER, "mx1")
    await world.create(server(world.namespace, "mx9", address, weight=10))
    assert "mx1" in await world.says("mx9", "Accepted", "False/Conflict")
    await world.says("mx1", "QueueUnreachable", "True/NodeSilent")
    assert await world.grant("mx9") is None
    world.relays["mx1"].ends = True
    await proven_gone(world, "mx1")
    await world.annotate(SMTP_SERVER, "mx1", queue_decision="drop")
    await world.gone(SMTP_SERVER, "mx1")
    await world.says("mx9", "Accepted", "True/Accepted")
    await world.routed({"mx9": 10})
    grant = await world.grant("mx9")
    assert grant is not None
    assert grant.lanes is Lanes.OPEN


async def evicted(world: World, name: str) -> None:
    """As the node controller does, with a grace that a test can wait for."""
    pod = await world.must(POD, f"{name}-relay-0")
    await world.api.delete(POD, Key(world.namespace, f"{name}-relay-0"), uid=uid_of(pod), grace_seconds=1)


async def proven_gone(world: World, name: str) -> None:
    """As the collector does when somebody has deleted the Node."""
    pod = await world.must(POD, f"{name}-relay-0")
    await world.api.delete(POD, Key(world.namespace, f"{name}-relay-0"), uid=uid_of(pod), grace_seconds=0)
