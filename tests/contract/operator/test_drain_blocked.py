"""What keeps a queue from becoming empty is told, keeps the pod, and ends by itself when its cause does."""

import asyncio

from smtppool.api.documents import Intake, Lanes, QueueDepth
from smtppool.kube.kinds import POD
from tests.contract.operator.drains import (
    NAMES,
    QUEUED,
    granted,
    replicas,
    state,
    three,
    want,
)
from tests.contract.operator.mail import Mail
from tests.contract.operator.objects import pool, server
from tests.contract.operator.waiting import equals
from tests.contract.operator.world import World


async def test_the_last_member_delivers_by_itself_and_goes_on_answering(world: World) -> None:
    """With nobody else to answer, clients hear 450 from its entry, never a closed connection."""
    await world.create(pool(world.namespace), server(world.namespace, "mx1", weight=10))
    await world.routed({"mx1": 10})
    world.relays["mx1"].queue = QUEUED
    await want(world, "mx1", "Drained")
    assert "37 messages" in await world.says("mx1", "DrainBlocked", "True/NoPeer")
    await granted(world, "mx1", Lanes.OPEN, Intake.CLOSED)
    world.relays["mx1"].queue = QueueDepth()
    assert "its pod stays" in await world.says("mx1", "Draining", "False/Drained")
    await world.says("mx1", "DrainBlocked", "False/NotBlocked")
    assert await replicas(world, "mx1") == 1
    await world.create(server(world.namespace, "mx2", weight=10))
    await world.gone(POD, "mx1-relay-0")


async def test_two_that_are_emptied_at_once_exchange_no_mail(world: World) -> None:
    await three(world)
    for name in ("mx1", "mx2"):
        world.relays[name].queue = QUEUED
    await asyncio.gather(want(world, "mx1", "Drained"), want(world, "mx2", "Drained"))
    for name in ("mx1", "mx2"):  # mail that moves between the two wishes has a peer still
        await granted(world, name, Lanes.HANDOVER, Intake.CLOSED)
    async with Mail(world, NAMES) as mail:
        for name in ("mx1", "mx2"):
            await state(world, name, "Drained")
        assert set(mail.moved) == {("mx1", "mx3"), ("mx2", "mx3")}
        assert (mail.at("mx3"), mail.total) == (74, 74)
        await want(world, "mx3", "Drained")
        await world.says("mx3", "DrainBlocked", "True/NoPeer")
        assert mail.at("mx3") == 74


async def test_a_peer_that_leaves_is_no_peer_any_more(world: World) -> None:
    await three(world)
    world.relays["mx1"].queue = QUEUED
    await want(world, "mx1", "Drained")
    await granted(world, "mx1", Lanes.HANDOVER, Intake.CLOSED)
    for name in ("mx2", "mx3"):
        await want(world, name, "Cordoned")
    await granted(world, "mx1", Lanes.OPEN, Intake.CLOSED)
    await world.says("mx1", "DrainBlocked", "True/NoPeer")
    await want(world, "mx2", "Active")
    await granted(world, "mx1", Lanes.HANDOVER, Intake.CLOSED)
    assert (await world.says("mx1", "Draining", "True/HandingOver")).endswith("peers mx2")


async def test_mail_that_no_peer_takes_keeps_the_pod(world: World) -> None:
    await three(world)
    world.relays["mx1"].queue = QueueDepth(deferred=20, hold=2, corrupt=1)
    await want(world, "mx1", "Drained")
    async with Mail(world, NAMES) as mail:
        message = await world.says("mx1", "DrainBlocked", "True/HoldQueue")
        assert "2 messages on hold" in message
        assert "1 damaged queue files" in message
        await equals(lambda: _at(mail), (3, 23), what="mail that moves has moved")
    await asyncio.sleep(1)
    assert await replicas(world, "mx1") == 1
    world.relays["mx1"].queue = QueueDepth()
    await state(world, "mx1", "Drained")


async def _at(mail: Mail) -> tuple[int, int]:
    return mail.at("mx1"), mail.total


async def test_a_queue_that_nobody_can_read_keeps_its_pod(world: World) -> None:
    await three(world)
    world.relays["mx1"].queue = QUEUED
    await want(world, "mx1", "Drained")
    await world.says("mx1", "Draining", "True/HandingOver")
    world.relays["mx1"].starts = False
    await world.delete(POD, "mx1-relay-0")
    await world.says("mx1", "Draining", "True/QueueUnreachable")
    assert "37 messages" in await world.says("mx1", "QueueUnreachable", "True/PodCannotStart")
    assert await replicas(world, "mx1") == 1
    world.relays["mx1"].starts = True
    async with Mail(world, NAMES) as mail:
        await state(world, "mx1", "Drained")
        assert mail.total == 37
