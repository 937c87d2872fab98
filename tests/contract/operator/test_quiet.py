"""Writes that must not happen: in quiet, and after a restart.

Counted by the versions of all objects in the namespace of a pool, Events too, and by what comes and goes there.
"""

import asyncio
import time

import pytest

from smtppool.kube.kinds import SMTP_POOL
from tests.contract.operator.objects import plan, pool, server
from tests.contract.operator.process import OperatorProcess
from tests.contract.operator.test_health import GOOD
from tests.contract.operator.world import World

QUIET = 15.0
SETTLED = 3.0


async def quiet(world: World) -> dict[str, str]:
    """All versions, once nothing has changed for a while."""
    versions, since = await world.versions(), time.monotonic()
    while time.monotonic() - since < SETTLED:
        await asyncio.sleep(0.2)
        now = await world.versions()
        if now != versions:
            versions, since = now, time.monotonic()
    return versions


async def test_no_writes_in_quiet_and_after_a_restart(
    world: World, operator: OperatorProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    paused = server(world.namespace, "mx9")
    paused["metadata"]["annotations"] = {"smtppool.io/paused": "true"}
    await world.create(
        pool(world.namespace),
        plan(world.namespace),
        paused,
        *(server(world.namespace, f"mx{n}") for n in range(3)),
        server(world.namespace, "unready", pool="nowhere"),
    )
    await world.routed({"mx0": 100, "mx1": 100, "mx2": 100})
    await world.says("marketing", "Ready", "True/InTraffic", kind=SMTP_POOL)
    world.relays["mx0"].outcomes = GOOD  # a score that the next process must not take away before it has looked
    await world.says("mx0", "Healthy", "True/Healthy", within=10)
    before = await quiet(world)
    assert any(name.startswith("Event/") for name in before), (
        "the operator has told nothing, so Events are not compared"
    )
    await asyncio.sleep(QUIET)
    idle = await _differences(world, before)
    assert operator.stop() == 0
    operator.start()
    await asyncio.sleep(SETTLED)
    changed = await _differences(world, before)
    with capsys.disabled():
        print(f"\nwrites in {QUIET:.0f} s of quiet: {len(idle)}; after a restart: {len(changed)}")  # noqa: T201 - the figure
    assert (idle, changed) == (set(), set())


async def _differences(world: World, before: dict[str, str]) -> set[str]:
    after = await world.versions()
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
