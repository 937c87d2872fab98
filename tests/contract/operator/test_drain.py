"""A server that is to be emptied gives its queue to its peers, has no pod then, and comes back when it is wanted."""

from smtppool.api.documents import Intake, Lanes
from smtppool.kube.kinds import PERSISTENT_VOLUME_CLAIM, POD, SMTP_POOL, uid_of
from tests.contract.operator.drains import (
    NAMES,
    QUEUED,
    RESTART,
    events,
    granted,
    replicas,
    reported_sessions,
    state,
    three,
    want,
)
from tests.contract.operator.mail import Mail
from tests.contract.operator.process import OperatorProcess
from tests.contract.operator.test_quiet import quiet
from tests.contract.operator.waiting import equals, until
from tests.contract.operator.world import World


@RESTART
async def test_a_queue_goes_to_the_peers_and_the_pod_goes(
    world: World, operator: OperatorProcess, restart: bool
) -> None:
    await three(world)
    world.relays["mx1"].queue = QUEUED
    volume = uid_of(await world.must(PERSISTENT_VOLUME_CLAIM, "mx1-queue"))
    await want(world, "mx1", "Drained")
    await granted(world, "mx1", Lanes.HANDOVER, Intake.CLOSED)
    told = await world.says("mx1", "Draining", "True/HandingOver")
    assert told == "37 messages (2 active, 35 deferred) to hand over; peers mx2, mx3"
    await state(world, "mx1", "Draining")
    await world.routed({"mx1": 0, "mx2": 10, "mx3": 10})
    assert await replicas(world, "mx1") == 1
    if restart:
        operator.kill()
        operator.start()
    async with Mail(world, NAMES) as mail:
        await world.says("mx1", "Draining", "False/Drained")
        await world.gone(POD, "mx1-relay-0")
        assert (mail.at("mx1"), mail.total) == (0, 37)
    await state(world, "mx1", "Drained")
    await world.says("mx1", "Ready", "False/Drained")
    await world.says("mx1", "DrainBlocked", "False/NotBlocked")
    assert await replicas(world, "mx1") == 0
    assert uid_of(await world.must(PERSISTENT_VOLUME_CLAIM, "mx1-queue")) == volume
    assert await events(world, "mx1", "HandingOver") == 1
    assert await events(world, "mx1", "NoPeer") == 0


async def test_it_comes_back_with_its_volume(world: World, operator: OperatorProcess) -> None:
    await three(world)
    volume = uid_of(await world.must(PERSISTENT_VOLUME_CLAIM, "mx1-queue"))
    await want(world, "mx1", "Drained")
    await state(world, "mx1", "Drained")
    await world.gone(POD, "mx1-relay-0")
    before = await quiet(world)
    operator.kill()
    operator.start()
    assert await quiet(world) == before, "a drained server costs no write"
    await want(world, "mx1", "Active")
    await world.routed(dict.fromkeys(NAMES, 10))
    await world.says("mx1", "Ready", "True/Ready")
    await world.says("mx1", "Draining", "False/NotRequested")
    await granted(world, "mx1", Lanes.OPEN, Intake.OPEN)
    assert uid_of(await world.must(PERSISTENT_VOLUME_CLAIM, "mx1-queue")) == volume


async def test_back_to_active_in_the_middle(world: World) -> None:
    await three(world)
    world.relays["mx1"].queue = QUEUED
    pod = uid_of(await world.must(POD, "mx1-relay-0"))
    await want(world, "mx1", "Drained")
    await world.says("mx1", "Draining", "True/HandingOver")
    await want(world, "mx1", "Active")
    await granted(world, "mx1", Lanes.OPEN, Intake.OPEN)
    await world.routed(dict.fromkeys(NAMES, 10))
    await state(world, "mx1", "InTraffic")
    assert uid_of(await world.must(POD, "mx1-relay-0")) == pod


async def test_sessions_may_end_before_the_intake_closes(world: World) -> None:
    await three(world)
    world.relays["mx1"].sessions = 3
    await reported_sessions(world, "mx1", 3)
    await want(world, "mx1", "Drained")
    assert "3 SMTP sessions" in await world.says("mx1", "Draining", "True/SessionsOpen")
    await world.routed({"mx1": 0, "mx2": 10, "mx3": 10})
    await granted(world, "mx1", Lanes.OPEN, Intake.OPEN, within=1)
    await granted(world, "mx1", Lanes.HANDOVER, Intake.CLOSED)
    assert await replicas(world, "mx1") == 1
    world.relays["mx1"].sessions = 0
    await state(world, "mx1", "Drained")


async def test_a_client_that_stays_with_another_relay_holds_up_no_drain(world: World) -> None:
    await three(world)
    world.relays["mx1"].sessions = world.relays["mx1"].entry_sessions = 2
    await reported_sessions(world, "mx1", 2)
    await want(world, "mx1", "Drained")
    await state(world, "mx1", "Drained")
    await equals(lambda: replicas(world, "mx1"), 0, what="the relay is released", within=10)


async def test_a_roll_goes_past_a_server_without_a_pod(world: World) -> None:
    await three(world)
    await want(world, "mx1", "Drained")
    await world.gone(POD, "mx1-relay-0")
    before = {name: uid_of(await world.must(POD, f"{name}-relay-0")) for name in ("mx2", "mx3")}
    await world.patch(SMTP_POOL, "marketing", {"spec": {"pod": {"annotations": {"example.com/rolled": "yes"}}}})

    async def rolled() -> bool:
        pods = [await world.get(POD, f"{name}-relay-0") for name in before]
        return all(pod is not None and uid_of(pod) not in before.values() for pod in pods)

    await until(rolled, what="both pods are new", within=60)
    assert await replicas(world, "mx1") == 0
    assert await world.get(POD, "mx1-relay-0") is None
