"""A changed template rolls one relay at a time; one that does not come back stops it."""

import asyncio

from smtppool.kube.kinds import POD, SMTP_POOL, uid_of
from tests.contract.operator.objects import pool, server
from tests.contract.operator.test_health import BAD
from tests.contract.operator.waiting import until
from tests.contract.operator.world import World

NAMES = ("mx1", "mx2", "mx3")


async def three(world: World) -> None:
    servers = (server(world.namespace, name, weight=10) for n, name in enumerate(NAMES))
    await world.create(pool(world.namespace), *servers)
    await world.routed(dict.fromkeys(NAMES, 10))
    for name in NAMES:
        await world.says(name, "Ready", "True/Ready")


async def change(world: World, value: str) -> None:
    patch = {"spec": {"pod": {"annotations": {"example.com/rolled": value}}}}
    await world.patch(SMTP_POOL, "marketing", patch)


async def uids(world: World) -> dict[str, str]:
    """Of pods that are ready."""
    found = {}
    for name in NAMES:
        pod = await world.get(POD, f"{name}-relay-0")
        if pod is not None and any(
            one["type"] == "Ready" and one["status"] == "True" for one in pod.get("status", {}).get("conditions", ())
        ):
            found[name] = uid_of(pod)
    return found


async def test_one_at_a_time(world: World) -> None:
    await three(world)
    before = await uids(world)
    await change(world, "once")
    fewest = len(NAMES)

    async def rolled() -> bool:
        nonlocal fewest
        weights = await world.weights()
        fewest = min(fewest, sum(weight > 0 for weight in weights.values()))
        now = await uids(world)
        return len(now) == len(NAMES) and all(now[name] != before[name] for name in NAMES)

    await until(rolled, what="all pods are new", within=60)
    assert fewest == len(NAMES) - 1
    await world.routed(dict.fromkeys(NAMES, 10))
    await world.says("marketing", "Reconciled", "True/Reconciled", kind=SMTP_POOL)


async def test_sessions_are_waited_for(world: World) -> None:
    await three(world)
    before = await uids(world)
    for name in NAMES:
        world.relays[name].sessions = 3
    await change(world, "patient")

    async def drained() -> bool:
        return sorted((await world.weights()).values()) == [0, 10, 10]

    await until(drained, what="one of them is out of traffic")
    await asyncio.sleep(2)
    assert await uids(world) == before
    for name in NAMES:
        world.relays[name].sessions = 0

    async def replaced() -> bool:
        now = await uids(world)
        return len(now) == len(NAMES) and all(now[name] != before[name] for name in NAMES)

    await until(replaced, what="all are replaced", within=60)


async def test_who_is_out_by_its_health_is_replaced_and_then_waited_for(world: World) -> None:
    await three(world)
    before = await uids(world)
    world.relays["mx2"].outcomes = BAD
    await world.routed({"mx1": 10, "mx2": 0, "mx3": 10}, within=10)
    await change(world, "unwell")

    async def replaced() -> bool:
        now = await uids(world)
        return len(now) == len(NAMES) and now["mx2"] != before["mx2"]

    await until(replaced, what="the one that serves nobody is replaced first", within=60)

    async def told() -> bool:
        return "mx2 (out by its health)" in await world.says(
            "marketing", "Reconciled", "False/RollWaits", kind=SMTP_POOL
        )

    await until(told, what="the pool says whom the roll waits for, and why", within=20)
    await asyncio.sleep(2)
    assert await uids(world) | {"mx2": ""} == before | {"mx2": ""}
    await world.routed({"mx1": 10, "mx2": 0, "mx3": 10})


async def test_a_member_that_does_not_come_back_stops_the_roll(world: World) -> None:
    await three(world)
    before = await uids(world)
    for name in NAMES:
        world.relays[name].starts = False
    await change(world, "broken")

    async def missing() -> set[str]:
        return set(NAMES) - (await uids(world)).keys()

    (broken,) = await until(missing, what="one pod is replaced")
    assert broken in await world.says("marketing", "Reconciled", "False/RollWaits", kind=SMTP_POOL)
    await asyncio.sleep(2)
    assert await uids(world) == {name: uid for name, uid in before.items() if name != broken}
    for name in NAMES:
        world.relays[name].starts = True

    async def rolled() -> bool:
        now = await uids(world)
        return len(now) == len(NAMES) and all(now[name] != before[name] for name in NAMES)

    await until(rolled, what="the roll goes on", within=60)
