"""The API server is away for a while: the operator waits, changes nothing, and goes on when it is back. And its end."""

import asyncio
import time

from e2e.cluster.controlplane import ControlPlane
from smtppool.kube.kinds import SMTP_SERVER
from tests.contract.operator.objects import pool, server
from tests.contract.operator.process import OperatorProcess
from tests.contract.operator.world import World

SECONDS = 5.0


async def test_it_comes_back(plane: ControlPlane, world: World, operator: OperatorProcess) -> None:
    await world.create(pool(world.namespace), server(world.namespace, "mx1", weight=5))
    await world.routed({"mx1": 5})
    process = operator.pid
    plane.stop_server()  # not in a thread: the server would end with the thread that started it
    try:
        await asyncio.sleep(SECONDS)
    finally:
        plane.start_server()
    assert await world.weights() == {"mx1": 5}
    await world.patch(SMTP_SERVER, "mx1", {"spec": {"weight": 6}})
    await world.routed({"mx1": 6}, within=30)
    assert operator.pid == process
    assert operator.running
    assert operator.get("/readyz") == "ok\n"


async def test_it_ends_at_once(world: World, operator: OperatorProcess) -> None:
    """kopf would wait five seconds for workers that nobody ends; so long the next leader would wait for the lease."""
    await world.create(pool(world.namespace), server(world.namespace, "mx1", weight=5))
    await world.routed({"mx1": 5})
    begun = time.monotonic()
    assert operator.stop() == 0
    assert time.monotonic() - begun < 4
