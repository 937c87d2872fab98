"""What an agent's token can do, by real requests: its report, its grant, its pool's routing, and nothing else."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from e2e.cluster.controlplane import ControlPlane
from smtppool.api.names import Key
from smtppool.kube.client import Api, connect
from smtppool.kube.errors import RefusedError
from smtppool.kube.kinds import CONFIG_MAP, POD, SMTP_POOL, SMTP_SERVER, STATEFUL_SET, Kind
from tests.contract.operator.objects import pool, server
from tests.contract.operator.world import World

ALLOWED = ("mx1-grant", "marketing-routing", "mx1-report")
REFUSED_READS = ("mx2-grant", "mx2-report", "mx1-config", "mx2-config", "other-routing")


@pytest_asyncio.fixture
async def agent(world: World, plane: ControlPlane) -> AsyncIterator[Api]:
    """mx1's agent, beside a peer and another pool."""
    await world.create(
        pool(world.namespace),
        server(world.namespace, "mx1"),
        server(world.namespace, "mx2"),
        pool(world.namespace, "other"),
        server(world.namespace, "mx3", pool="other"),
    )
    await world.routed({"mx1": 100, "mx2": 100})
    await world.routed({"mx3": 100}, pool="other")
    token = plane.service_account_token(world.namespace, "mx1-relay")
    async with connect(kubeconfig=plane.kubeconfig_for(name="agent", token=token)) as api:
        yield api


async def refused(call: Any, what: str, said: list[str]) -> None:
    with pytest.raises(RefusedError) as error:
        await call
    assert error.value.status == 403, what
    said.append(f"{what}: 403")


async def test_its_own_three_documents(world: World, agent: Api) -> None:
    for name in ALLOWED:
        assert await agent.get(CONFIG_MAP, Key(world.namespace, name)) is not None
        items, _ = (
            await agent.list(CONFIG_MAP, namespace=world.namespace, name=name) if "report" not in name else ([1], "")
        )
        assert items
    await patch(agent, world, "mx1-report", {"data": {"report.json": "{}"}})


async def patch(
    api: Api, world: World, name: str, content: dict[str, Any], kind: Kind = CONFIG_MAP, **more: str
) -> None:
    await api.merge_patch(kind, Key(world.namespace, name), content, manager="agent", **more)


async def test_everything_else_is_refused(world: World, agent: Api, capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    for name in REFUSED_READS:
        await refused(agent.get(CONFIG_MAP, Key(world.namespace, name)), f"get configmap {name}", said)
    for name in ("mx1-grant", "marketing-routing", "mx2-report", "mx1-config"):
        await refused(patch(agent, world, name, {"data": {"a": "b"}}), f"patch configmap {name}", said)
    for kind in (CONFIG_MAP, POD, STATEFUL_SET, SMTP_POOL, SMTP_SERVER):
        await refused(agent.list(kind, namespace=world.namespace), f"list {kind.plural}", said)
    await refused(agent.get(SMTP_SERVER, Key(world.namespace, "mx1")), "get its own smtpserver", said)
    promote = {"status": {"weight": 256}}
    await refused(patch(agent, world, "mx1", promote, SMTP_SERVER, subresource="status"), "patch its own status", said)
    await refused(patch(agent, world, "mx1", {"spec": {"weight": 256}}, SMTP_SERVER), "patch its own spec", said)
    await refused(agent.delete(CONFIG_MAP, Key(world.namespace, "mx1-report"), uid="x"), "delete its report", said)
    await refused(agent.get(CONFIG_MAP, Key("kube-system", "kube-root-ca.crt")), "get in another namespace", said)
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "new", "namespace": world.namespace}}
    await refused(agent.create(made, manager="agent"), "create a configmap", said)
    with capsys.disabled():
        print(f"\nrefused to an agent's token: {len(said)} of {len(said)}: " + ", ".join(said))  # noqa: T201 - the figure
