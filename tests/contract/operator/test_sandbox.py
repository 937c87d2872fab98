"""A pod whose sandbox is made anew keeps its uid and gets another address: nothing said before counts any more."""

from smtppool.api.documents import Lanes, QueueDepth
from smtppool.kube.kinds import POD, SMTP_SERVER, uid_of
from tests.contract.operator.objects import pool, server
from tests.contract.operator.waiting import until
from tests.contract.operator.world import World


async def begun_anew(world: World) -> None:
    """The pod runs at another address; its agent is silent."""
    relay, before = world.relays["mx1"], await world.must(POD, "mx1-relay-0")
    relay.reports = False
    relay.sandbox += 1

    async def moved() -> bool:
        now = await world.must(POD, "mx1-relay-0")
        return bool(now["status"]["podIP"] != before["status"]["podIP"])

    await until(moved, what="another pod address")
    assert uid_of(await world.must(POD, "mx1-relay-0")) == uid_of(before)


async def test_lanes_close_until_the_new_address_is_verified(world: World) -> None:
    await world.create(pool(world.namespace), server(world.namespace, "mx1", weight=10))
    await world.routed({"mx1": 10})
    await begun_anew(world)
    await world.says("mx1", "EgressVerified", "Unknown/NoReport")
    await world.routed({"mx1": 0})
    pod = await world.must(POD, "mx1-relay-0")

    async def closed() -> bool:
        grant = await world.grant("mx1")
        return grant is not None and (grant.lanes, grant.pod_address) == (Lanes.CLOSED, pod["status"]["podIP"])

    await until(closed, what="a closed grant for the new address")
    world.relays["mx1"].reports = True
    await world.routed({"mx1": 10})
    grant = await world.grant("mx1")
    assert grant is not None
    assert (grant.pod_uid, grant.pod_address) == (uid_of(pod), pod["status"]["podIP"])


async def test_a_deletion_waits_for_a_count_of_the_new_address(world: World) -> None:
    relay = world.relays["mx1"]
    await world.create(pool(world.namespace), server(world.namespace, "mx1", weight=10))
    await world.routed({"mx1": 10})
    relay.queue = QueueDepth(deferred=2)
    await world.delete(SMTP_SERVER, "mx1")
    await world.says("mx1", "DrainBlocked", "True/MailQueued")
    await begun_anew(world)
    await world.says("mx1", "Draining", "True/ClosingIntake")
    relay.reports = True
    await world.says("mx1", "DrainBlocked", "True/MailQueued")
    relay.queue = QueueDepth()
    await world.gone(SMTP_SERVER, "mx1")
