"""Edits of weights and states reach the routing, at once and with a reason."""

import asyncio
import time
from dataclasses import dataclass, field

import pytest

from smtppool.api.documents import MemberState, Routing
from smtppool.api.names import ROUTING_KEY, Key, routing_name
from smtppool.kube.kinds import CONFIG_MAP, SMTP_POOL, SMTP_SERVER
from smtppool.kube.watch import follow
from tests.contract.operator.objects import pool, server
from tests.contract.operator.waiting import until
from tests.contract.operator.world import World

EDITS = 100
BAR_MS = 250  # of the median, on a machine that does other work too; the figure itself is what is printed


@dataclass
class Arrived:
    """When each weight of mx1 was seen by a watcher."""

    seen: dict[int, float] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)


async def two(world: World) -> None:
    await world.create(
        pool(world.namespace),
        server(world.namespace, "mx1", weight=10),
        server(world.namespace, "mx2", weight=5),
    )


async def state(world: World, name: str) -> MemberState | None:
    routing = await world.routing()
    return next((member.state for member in routing.members if member.name == name), None) if routing else None


async def test_latency_of_a_weight_edit(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    await two(world)
    await world.routed({"mx1": 10, "mx2": 5})
    arrived = Arrived()
    watcher = asyncio.create_task(_note_weights(world, arrived))
    delays = []
    for number in range(EDITS):
        weight = 100 + number
        await world.patch(SMTP_SERVER, "mx1", {"spec": {"weight": weight}})
        replied = time.perf_counter()
        while weight not in arrived.seen:
            arrived.news.clear()
            await asyncio.wait_for(arrived.news.wait(), timeout=10)
        delays.append(1000 * (arrived.seen[weight] - replied))
        await asyncio.sleep(0.05)
    watcher.cancel()
    await asyncio.wait({watcher})
    delays.sort()
    p50, p99 = delays[len(delays) // 2], delays[int(len(delays) * 0.99)]
    with capsys.disabled():
        print(f"\nweight edit to routing: p50 {p50:.1f} ms, p99 {p99:.1f} ms, {EDITS} edits")  # noqa: T201 - the figure
    assert p50 <= BAR_MS


async def _note_weights(world: World, arrived: Arrived) -> None:
    key = Key(world.namespace, routing_name("marketing"))
    async for body in follow(world.api, CONFIG_MAP, key):
        if body is not None:
            now = time.perf_counter()
            members = Routing.model_validate_json(body["data"][ROUTING_KEY]).members
            arrived.seen[{member.name: member.weight for member in members}["mx1"]] = now
            arrived.news.set()


async def test_cordoned_and_drained(world: World) -> None:
    await two(world)
    await world.routed({"mx1": 10, "mx2": 5})
    await world.patch(SMTP_SERVER, "mx1", {"spec": {"desiredState": "Cordoned"}})
    await world.routed({"mx1": 0, "mx2": 5})
    assert await state(world, "mx1") is MemberState.DRAIN
    await world.patch(SMTP_SERVER, "mx1", {"spec": {"desiredState": "Drained"}})
    await world.says("mx1", "Draining", "False/Drained")
    await world.patch(SMTP_SERVER, "mx1", {"spec": {"desiredState": "Active"}})
    await world.routed({"mx1": 10, "mx2": 5})


async def test_a_plan_is_not_evaluated_and_gets_no_weight(world: World) -> None:
    await world.create(
        pool(world.namespace),
        server(world.namespace, "mx1", weight=10, warmup={"mode": "Plan"}),
    )
    await world.says("mx1", "Warm", "Unknown/NotEvaluated")
    await world.says("mx1", "EgressVerified", "True/Verified")
    await world.routed({"mx1": 0})
    await world.says("marketing", "Ready", "False/NoMemberInTraffic", kind=SMTP_POOL)


async def test_observe_decides_and_changes_no_traffic(world: World) -> None:
    await two(world)
    await world.routed({"mx1": 10, "mx2": 5})
    await world.put(SMTP_POOL, "marketing", {"spec": {"mode": "Observe"}})
    await world.patch(SMTP_SERVER, "mx1", {"spec": {"weight": 99}})

    async def decided() -> bool:
        message = (await world.condition(SMTP_SERVER, "mx1", "Ready"))["message"]
        return "decided was 99" in message

    await until(decided, what="the decision is told")
    assert await world.weights() == {"mx1": 10, "mx2": 5}
    world.relays["mx1"].seen = "192.0.2.1"
    await world.routed({"mx1": 0, "mx2": 5})
    world.relays["mx1"].seen = None
    await world.routed({"mx1": 10, "mx2": 5})
    await world.patch(SMTP_POOL, "marketing", {"spec": {"mode": "Enforce"}})
    await world.routed({"mx1": 99, "mx2": 5})
