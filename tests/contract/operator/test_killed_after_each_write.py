"""kill -9 after each single write of a cordon, of a cut by health and of a drain: a restart comes to the same end.

The write is done, and the operator never hears of it. An Event is a write, too.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from e2e.cluster.controlplane import ControlPlane
from smtppool.api.documents import QueueDepth
from smtppool.api.outcomes import Standing
from smtppool.kube.client import Api
from smtppool.kube.kinds import PERSISTENT_VOLUME_CLAIM, POD, SMTP_POOL, SMTP_SERVER, uid_of
from tests.contract.operator.between import Between
from tests.contract.operator.conftest import running
from tests.contract.operator.drains import NAMES, three, want
from tests.contract.operator.mail import BATCH, Mail
from tests.contract.operator.objects import pool, server
from tests.contract.operator.picture import Picture, picture, record_of
from tests.contract.operator.process import OperatorProcess
from tests.contract.operator.relays import Relays
from tests.contract.operator.rounds import Deed, Rounds
from tests.contract.operator.test_health import BAD, GOOD, ROOM
from tests.contract.operator.waiting import until
from tests.contract.operator.world import World

pytestmark = pytest.mark.timeout(300)  # some thirty starts of an operator, each a second or two
IN_TRAFFIC = dict.fromkeys(NAMES, 10)
POOLS = 8  # made at once
WITHOUT_ONE = {**IN_TRAFFIC, "mx1": 0}


@pytest.fixture(scope="module")
def between(plane: ControlPlane) -> Iterator[Between]:
    """The way of this operator to the API server."""
    with Between(plane) as between:
        yield between


@pytest.fixture(scope="module")
def killable(operator_process: OperatorProcess, between: Between) -> Iterator[OperatorProcess]:
    """The only operator meanwhile: the one of the other tests starts again when one of them wants it."""
    assert operator_process.stop() == 0
    kubeconfig, log = between.kubeconfig(operator_process.kubeconfig), operator_process.log.with_name("killed.log")
    with running(kubeconfig, log) as process:
        yield process


@pytest_asyncio.fixture
async def world(killable: OperatorProcess, api: Api, namespace: str) -> AsyncIterator[World]:
    """A namespace in which relays start and report."""
    async with Relays(api, namespace) as relays:
        yield World(api, namespace, relays)


async def state(world: World, name: str) -> str:
    return str((await world.must(SMTP_SERVER, name)).get("status", {}).get("state"))


async def says(world: World, name: str, condition: str, wanted: str) -> bool:
    kind = SMTP_SERVER if await world.get(SMTP_SERVER, name) else SMTP_POOL
    found = await world.condition(kind, name, condition)
    return f"{found.get('status')}/{found.get('reason')}" == wanted


async def told(what: str, rounds: Rounds, capsys: pytest.CaptureFixture[str]) -> None:
    """The figure."""
    killed = await rounds.all()
    with capsys.disabled():
        print(f"\n{what}: killed after each of its {killed} writes, same end")  # noqa: T201 - the figure


async def test_a_cordon(
    world: World, between: Between, killable: OperatorProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    await three(world)

    async def prepare(_: int) -> None:
        await want(world, "mx1", "Active")
        await world.routed(IN_TRAFFIC)
        await world.says("mx1", "Ready", "True/Ready")

    async def begin(_: int) -> None:
        await want(world, "mx1", "Cordoned")

    async def reached(_: int) -> bool:
        return await world.weights() == WITHOUT_ONE and await state(world, "mx1") == "Cordoned"

    async def seen(_: int) -> Picture:
        return await picture(world)

    deed = Deed(what="cordon", prepare=prepare, begin=begin, reached=reached, picture=seen)
    await told("cordon", Rounds(deed, between, killable), capsys)


def named(number: int) -> str:
    """A pool."""
    return f"cut{number:02}"


async def test_a_cut_by_health(
    world: World, between: Between, killable: OperatorProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a pool of its own each time: what is remembered of a cut outlives its cause."""

    async def prepare(number: int) -> None:
        if number % POOLS == 1:
            await asyncio.gather(*(two(named(number + one)) for one in range(POOLS)))

    async def two(name: str) -> None:
        await world.create(
            pool(world.namespace, name, availability=ROOM),
            server(world.namespace, f"{name}-bad", pool=name, weight=10),
            server(world.namespace, f"{name}-good", pool=name, weight=5),
        )
        world.relays[f"{name}-good"].outcomes = GOOD
        await world.routed({f"{name}-bad": 10, f"{name}-good": 5}, pool=name)
        await world.says(f"{name}-good", "Healthy", "True/Healthy")
        await world.says(f"{name}-bad", "Ready", "True/Ready")

    async def begin(number: int) -> None:
        world.relays[f"{named(number)}-bad"].outcomes = BAD

    async def reached(number: int) -> bool:
        name = named(number)
        known = (await record_of(world, name)).servers.get(f"{name}-bad")
        return (
            known is not None
            and known.relay is not None
            and known.relay.standing is Standing.OUT
            and await world.weights(name) == {f"{name}-bad": 0, f"{name}-good": 5}
            and await says(world, f"{name}-bad", "Healthy", "False/BounceRate")
            and await says(world, f"{name}-good", "Healthy", "True/Healthy")
            and await says(world, name, "Healthy", "False/MembersUnhealthy")
        )

    async def seen(number: int) -> Picture:
        return await picture(world, pool=named(number))

    deed = Deed(what="cut", about=named, prepare=prepare, begin=begin, reached=reached, picture=seen)
    await told("cut by health", Rounds(deed, between, killable), capsys)


async def test_a_drain(
    world: World, between: Between, killable: OperatorProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    await three(world)
    volume = uid_of(await world.must(PERSISTENT_VOLUME_CLAIM, "mx1-queue"))
    queue = QueueDepth(active=2, deferred=BATCH - 2)

    async def prepare(_: int) -> None:
        world.relays["mx1"].queue = queue
        await want(world, "mx1", "Active")
        await world.routed(IN_TRAFFIC)
        await world.says("mx1", "Ready", "True/Ready")
        await until(shows_its_queue, what="the status shows the queue")

    async def shows_its_queue() -> bool:
        shown = (await world.must(SMTP_SERVER, "mx1"))["status"].get("queue", {})
        return bool(shown.get("messages") == BATCH)

    async def begin(_: int) -> None:
        await want(world, "mx1", "Drained")

    async def reached(number: int) -> bool:
        gone = await world.get(POD, "mx1-relay-0") is None
        return gone and await state(world, "mx1") == "Drained" and mail.delivered == BATCH * number

    async def seen(_: int) -> Picture:
        assert uid_of(await world.must(PERSISTENT_VOLUME_CLAIM, "mx1-queue")) == volume
        assert (mail.at("mx1"), mail.at("mx2"), mail.at("mx3")) == (0, 0, 0)
        return await picture(world)

    deed = Deed(what="drain", prepare=prepare, begin=begin, reached=reached, picture=seen)
    async with Mail(world, NAMES, delivers=True) as mail:
        await told("drain", Rounds(deed, between, killable), capsys)
