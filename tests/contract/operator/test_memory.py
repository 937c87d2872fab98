"""Memory of the operator with 100 servers in one pool, without pods that run: at most 150 MiB."""

import asyncio

import pytest

from smtppool.api.names import grant_name
from smtppool.kube.kinds import CONFIG_MAP, SMTP_POOL
from tests.contract.operator.objects import pool, server
from tests.contract.operator.process import OperatorProcess
from tests.contract.operator.waiting import until
from tests.contract.operator.world import World

SERVERS = 100
LIMIT_MIB = 150


@pytest.mark.timeout(600)
async def test_a_hundred_servers(world: World, operator: OperatorProcess, capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"mx{number}" for number in range(SERVERS)]
    for name in names:
        world.relays[name].starts = False
    await world.create(pool(world.namespace), *(server(world.namespace, name) for name in names))

    async def all_have_children() -> bool:
        bodies, _ = await world.api.list(CONFIG_MAP, namespace=world.namespace)
        found = {body["metadata"]["name"] for body in bodies}
        return {grant_name(name) for name in names} <= found

    await until(all_have_children, what="children of all servers", within=180)

    async def counted() -> bool:
        return bool((await world.must(SMTP_POOL, "marketing")).get("status", {}).get("members") == SERVERS)

    await until(counted, what="the pool counts them", within=60)
    operator.stop()
    operator.start()
    await asyncio.sleep(5)
    size = operator.pss_mib
    with capsys.disabled():
        print(f"\noperator with {SERVERS} servers: PSS {size:.1f} MiB, limit {LIMIT_MIB}")  # noqa: T201 - the figure
    assert size <= LIMIT_MIB
