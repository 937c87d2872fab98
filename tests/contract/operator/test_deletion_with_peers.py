"""A deleted server with mail gives it to its peers, then goes: nothing waits for a provider, nothing is lost."""

import asyncio

from smtppool.api.documents import Intake, Lanes, QueueDepth
from smtppool.kube.kinds import PERSISTENT_VOLUME_CLAIM, POD, SMTP_POOL, SMTP_SERVER
from tests.contract.operator.drains import NAMES, QUEUED, RESTART, granted, state, three, want
from tests.contract.operator.mail import Mail
from tests.contract.operator.process import OperatorProcess
from tests.contract.operator.waiting import equals
from tests.contract.operator.world import World


@RESTART
async def test_its_mail_goes_first(world: World, operator: OperatorProcess, restart: bool) -> None:
    await three(world)
    world.relays["mx1"].queue = QUEUED
    await world.delete(SMTP_SERVER, "mx1")
    await granted(world, "mx1", Lanes.HANDOVER, Intake.CLOSED)
    await world.says("mx1", "Draining", "True/HandingOver")
    await world.says("mx1", "DrainBlocked", "False/NotBlocked")
    if restart:
        operator.kill()
        operator.start()
    await world.must(PERSISTENT_VOLUME_CLAIM, "mx1-queue")
    async with Mail(world, NAMES) as mail:
        await world.gone(SMTP_SERVER, "mx1")
        assert (mail.at("mx1"), mail.total) == (0, 37)
    assert not [name for name in await world.children() if "mx1" in name]


async def test_without_a_peer_it_blocks_until_one_is_there(world: World) -> None:
    await three(world)
    for name in ("mx2", "mx3"):
        await want(world, name, "Cordoned")
    world.relays["mx1"].queue = QUEUED
    await world.delete(SMTP_SERVER, "mx1")
    await world.says("mx1", "DrainBlocked", "True/MailQueued")
    await granted(world, "mx1", Lanes.OPEN, Intake.CLOSED)
    await want(world, "mx3", "Active")
    await granted(world, "mx1", Lanes.HANDOVER, Intake.CLOSED)
    async with Mail(world, NAMES) as mail:
        await world.gone(SMTP_SERVER, "mx1")
        assert mail.at("mx3") == 37


async def test_what_no_peer_takes_holds_it(world: World) -> None:
    await three(world)
    world.relays["mx1"].queue = QueueDepth(deferred=5, hold=2)
    await world.delete(SMTP_SERVER, "mx1")
    async with Mail(world, NAMES) as mail:
        message = await world.says("mx1", "DrainBlocked", "True/HoldQueue")
        assert "smtppool queue save|drop mx1" in message

        async def left() -> int:
            return mail.at("mx1")

        await equals(left, 2, what="messages that stay")
    await asyncio.sleep(1)
    await world.must(PERSISTENT_VOLUME_CLAIM, "mx1-queue")
    await world.annotate(SMTP_SERVER, "mx1", queue_decision="drop")
    await world.gone(SMTP_SERVER, "mx1")


async def test_the_whole_pool_has_no_peers(world: World) -> None:
    await three(world)
    world.relays["mx1"].queue = QUEUED
    await world.delete(SMTP_POOL, "marketing")
    await world.says("mx1", "DrainBlocked", "True/MailQueued")
    for name in ("mx2", "mx3"):
        await world.gone(SMTP_SERVER, name)
    await granted(world, "mx1", Lanes.OPEN, Intake.CLOSED)
    world.relays["mx1"].queue = QueueDepth()
    await world.gone(SMTP_POOL, "marketing")


async def test_a_drained_server_goes_without_a_pod(world: World) -> None:
    await three(world)
    await want(world, "mx1", "Drained")
    await state(world, "mx1", "Drained")
    await world.gone(POD, "mx1-relay-0")
    await world.delete(SMTP_SERVER, "mx1")
    await world.gone(SMTP_SERVER, "mx1")
    assert not [name for name in await world.children() if "mx1" in name]
