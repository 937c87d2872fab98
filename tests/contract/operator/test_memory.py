"""Memory of the operator with 100 servers in one pool, without pods that run: at most 150 MiB.

On a control plane of its own: what other tests leave behind would be counted too.
"""

import asyncio
from collections.abc import Iterator

import pytest

from e2e.cluster.controlplane import ControlPlane
from smtppool.api.names import grant_name
from smtppool.kube.client import connect
from smtppool.kube.kinds import CONFIG_MAP, SMTP_POOL
from tests.contract.operator.objects import pool, server
from tests.contract.operator.process import OperatorProcess
from tests.contract.operator.relays import Relays
from tests.contract.operator.waiting import until
from tests.contract.operator.world import World
from tests.contract.plane import with_definitions

SERVERS = 100
LIMIT_MIB = 150
NAMESPACE = "mail"


@pytest.fixture
def empty_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Nothing but the kinds."""
    with with_definitions(tmp_path_factory.mktemp("empty")) as plane:
        for namespace in (NAMESPACE, "smtppool-system"):
            plane.kubectl("create", "namespace", namespace)
        yield plane


@pytest.fixture
def lone_operator(empty_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatorProcess]:
    """The operator of that control plane."""
    log = tmp_path_factory.mktemp("lone") / "operator.log"
    process = OperatorProcess(kubeconfig=empty_plane.kubeconfig, namespace="smtppool-system", log=log)
    process.start()
    yield process
    process.stop()


@pytest.mark.timeout(600)
async def test_a_hundred_servers(
    empty_plane: ControlPlane, lone_operator: OperatorProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    async with connect(kubeconfig=empty_plane.kubeconfig) as api:
        await make(World(api, NAMESPACE, Relays(api, NAMESPACE)))
    while_running = lone_operator.pss_mib
    lone_operator.stop()
    lone_operator.start()
    await asyncio.sleep(5)
    restarted = lone_operator.pss_mib
    with capsys.disabled():
        print(  # noqa: T201 - the figure
            f"\noperator with {SERVERS} servers: PSS {while_running:.1f} MiB, after a restart {restarted:.1f} MiB, "
            f"limit {LIMIT_MIB}"
        )
    assert max(while_running, restarted) <= LIMIT_MIB


async def make(world: World) -> None:
    """A pool of a hundred, with all children that need no kubelet."""
    names = [f"mx{number}" for number in range(SERVERS)]
    await world.create(pool(NAMESPACE), *(server(NAMESPACE, name) for name in names))

    async def all_have_children() -> bool:
        bodies, _ = await world.api.list(CONFIG_MAP, namespace=NAMESPACE)
        return {grant_name(name) for name in names} <= {body["metadata"]["name"] for body in bodies}

    async def counted() -> bool:
        return bool((await world.must(SMTP_POOL, "marketing")).get("status", {}).get("members") == SERVERS)

    await until(all_have_children, what="children of all servers", within=180)
    await until(counted, what="the pool counts them", within=60)
