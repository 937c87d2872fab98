"""Deletion of a server and a pool: nothing is left of what is empty, nothing is lost of what is not."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from e2e.cluster.controlplane import ControlPlane
from smtppool.api.documents import Intake, Lanes, QueueDepth
from smtppool.api.names import BLOCKED, FINALIZER
from smtppool.kube.kinds import (
    CONFIG_MAP,
    PERSISTENT_VOLUME_CLAIM,
    POD,
    SMTP_POOL,
    SMTP_SERVER,
    STATEFUL_SET,
    uid_of,
)
from tests.contract.operator.objects import pool, server
from tests.contract.operator.process import OperatorProcess
from tests.contract.operator.waiting import until
from tests.contract.operator.world import World

MAIL = QueueDepth(active=1, deferred=9)


async def one(world: World) -> None:
    await world.create(pool(world.namespace), server(world.namespace, "mx1", weight=10))
    await world.routed({"mx1": 10})


def foreground(plane: ControlPlane, world: World, what: str) -> None:
    """A cascade that takes the children first."""
    plane.kubectl("delete", what, "-n", world.namespace, "--cascade=foreground", "--wait=false")


async def delete_server(world: World) -> None:
    await world.delete(SMTP_SERVER, "mx1")


async def delete_pool(world: World) -> None:
    await world.delete(SMTP_POOL, "marketing")


async def delete_both(world: World) -> None:
    await asyncio.gather(world.delete(SMTP_SERVER, "mx1"), world.delete(SMTP_POOL, "marketing"))


WAYS: dict[str, Callable[[World], Awaitable[None]]] = {
    "server": delete_server,
    "pool": delete_pool,
    "both": delete_both,
}


@pytest.mark.parametrize("restart", [False, True], ids=["", "operator-restart"])
@pytest.mark.parametrize("way", WAYS)
async def test_an_empty_server_leaves_nothing(world: World, operator: OperatorProcess, way: str, restart: bool) -> None:
    await one(world)
    world.relays["mx1"].obeys_intake = not restart
    await WAYS[way](world)
    if restart:
        await world.says("mx1", "Draining", "True/ClosingIntake")
        operator.kill()
        world.relays["mx1"].obeys_intake = True
        operator.start()
    await world.gone(SMTP_SERVER, "mx1")
    if way != "server":
        await world.gone(SMTP_POOL, "marketing")
        assert await world.children() == set()
    assert not [name for name in await world.children() if "mx1" in name]


async def test_a_relay_does_not_hold_its_server_by_its_report(world: World) -> None:
    """An agent may patch its report, and a compromised one puts a finalizer there."""
    await one(world)
    await world.patch(CONFIG_MAP, "mx1-report", {"metadata": {"finalizers": ["example.com/held"]}})
    await world.delete(SMTP_SERVER, "mx1")
    await world.gone(SMTP_SERVER, "mx1")
    assert not [name for name in await world.children() if "mx1" in name]


@pytest.mark.parametrize("way", WAYS)
async def test_mail_blocks_and_is_kept(world: World, operator: OperatorProcess, way: str) -> None:
    await one(world)
    world.relays["mx1"].queue = MAIL
    await WAYS[way](world)
    assert "10 messages" in await world.says("mx1", "DrainBlocked", "True/MailQueued")
    await world.routed({"mx1": 0})
    grant = await world.grant("mx1")
    assert grant is not None
    assert (grant.intake, grant.lanes) == (Intake.CLOSED, Lanes.OPEN)
    operator.kill()
    operator.start()
    await asyncio.sleep(1)
    for kind, name in ((STATEFUL_SET, "mx1-relay"), (POD, "mx1-relay-0"), (PERSISTENT_VOLUME_CLAIM, "mx1-queue")):
        assert "deletionTimestamp" not in (await world.must(kind, name))["metadata"]
    claim = await world.must(PERSISTENT_VOLUME_CLAIM, "mx1-queue")
    assert FINALIZER in claim["metadata"]["finalizers"]
    assert "10 messages" in claim["metadata"]["annotations"][BLOCKED]
    world.relays["mx1"].queue = QueueDepth()
    await world.gone(SMTP_SERVER, "mx1")
    assert not [name for name in await world.children() if "mx1" in name]


async def test_a_foreground_cascade_of_a_child_takes_no_mail(plane: ControlPlane, world: World) -> None:
    """Somebody deletes the StatefulSet itself: it comes back with the same volume."""
    await one(world)
    world.relays["mx1"].queue = MAIL
    volume = uid_of(await world.must(PERSISTENT_VOLUME_CLAIM, "mx1-queue"))
    before = uid_of(await world.must(STATEFUL_SET, "mx1-relay"))
    foreground(plane, world, "statefulset/mx1-relay")

    async def back() -> bool:
        body = await world.get(STATEFUL_SET, "mx1-relay")
        return body is not None and uid_of(body) != before

    await until(back, what="a new StatefulSet")
    await world.routed({"mx1": 10})
    assert uid_of(await world.must(PERSISTENT_VOLUME_CLAIM, "mx1-queue")) == volume


async def test_a_foreground_cascade_of_the_server(plane: ControlPlane, world: World) -> None:
    await one(world)
    world.relays["mx1"].queue = MAIL
    foreground(plane, world, "smtpserver/mx1")
    await world.says("mx1", "DrainBlocked", "True/MailQueued")
    await world.must(POD, "mx1-relay-0")
    world.relays["mx1"].queue = QueueDepth()
    await world.gone(SMTP_SERVER, "mx1")


async def test_a_queue_that_nobody_can_read_holds_the_deletion(world: World) -> None:
    await one(world)
    world.relays["mx1"].queue = MAIL
    await world.says("mx1", "QueueUnreachable", "False/QueueReadable")

    async def depth() -> bool:
        return bool((await world.must(SMTP_SERVER, "mx1"))["status"].get("queue", {}).get("messages") == 10)

    await until(depth, what="the depth in the status")
    world.relays["mx1"].starts = False
    await world.delete(POD, "mx1-relay-0")
    await world.delete(SMTP_SERVER, "mx1")
    message = await world.says("mx1", "QueueUnreachable", "True/PodCannotStart")
    assert "last known: 10 messages" in message
    await world.must(PERSISTENT_VOLUME_CLAIM, "mx1-queue")
    await world.annotate(SMTP_SERVER, "mx1", queue_decision="drop")
    await world.gone(SMTP_SERVER, "mx1")


async def test_a_server_that_never_ran_goes_at_once(world: World) -> None:
    world.relays["mx1"].starts = False
    await world.create(pool(world.namespace), server(world.namespace, "mx1"))
    await world.says("mx1", "Ready", "False/PodStarting")
    await world.delete(SMTP_SERVER, "mx1")
    await world.gone(SMTP_SERVER, "mx1")
    assert not [name for name in await world.children() if "mx1" in name]


async def test_a_paused_server_stays_untouched(world: World) -> None:
    await one(world)
    await world.annotate(SMTP_SERVER, "mx1", paused="true")
    await world.says("mx1", "Reconciled", "False/Paused")
    await world.delete(STATEFUL_SET, "mx1-relay")
    await world.delete(SMTP_SERVER, "mx1")
    await world.says("mx1", "Draining", "Unknown/Paused")
    await asyncio.sleep(1)
    held = await world.must(SMTP_SERVER, "mx1")
    assert FINALIZER in held["metadata"]["finalizers"]
    await world.must(PERSISTENT_VOLUME_CLAIM, "mx1-queue")
    await world.annotate(SMTP_SERVER, "mx1", paused=None)
    await world.gone(SMTP_SERVER, "mx1")
