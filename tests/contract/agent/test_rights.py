"""The agent works with the rights of its Role and no others; what else its token asks for is refused."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from e2e.cluster.controlplane import ControlPlane
from smtppool.api import names
from smtppool.api.names import Key
from smtppool.kube.client import Api, connect
from smtppool.kube.errors import RefusedError
from smtppool.kube.kinds import CONFIG_MAP
from tests.contract.agent import objects
from tests.contract.agent.objects import member, report, routing, until
from tests.contract.agent.pod import relay_pod

ACCOUNT = "mx1-relay"
RULES = [
    {
        "apiGroups": [""],
        "resources": ["configmaps"],
        "verbs": ["get", "list", "watch"],
        "resourceNames": [names.grant_name("mx1"), names.routing_name("pool")],
    },
    {
        "apiGroups": [""],
        "resources": ["configmaps"],
        "verbs": ["get", "patch"],
        "resourceNames": [names.report_name("mx1")],
    },
]


@pytest_asyncio.fixture
async def agents_api(plane: ControlPlane, api: Api, namespace: str) -> AsyncIterator[Api]:
    """A connection with the agent's token."""
    metadata = {"name": ACCOUNT, "namespace": namespace}
    rbac = "rbac.authorization.k8s.io"
    for body in (
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": metadata, "rules": RULES},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": ACCOUNT},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": namespace}],
        },
    ):
        await api.create(body, manager="tests")
    token = plane.service_account_token(namespace, ACCOUNT)
    async with connect(kubeconfig=plane.kubeconfig_for(name=f"agent-{namespace}", token=token)) as connection:
        yield connection


async def test_the_agents_role_is_enough(short_path: Path, api: Api, agents_api: Api, namespace: str) -> None:
    async with relay_pod(short_path, api=agents_api, namespace=namespace) as pod:
        await objects.put_routing(api, namespace, routing(member(1, 5)))
        await objects.put_grant(api, namespace, objects.grant(uid=pod.uid))
        await objects.put_report(api, namespace)
        agent = pod.start_agent()

        async def complete() -> bool:
            said = await report(api, namespace)
            return said is not None and said.lanes == "Open" and said.routing_hash == agent.board.facts.routing_hash

        await until(complete, reason="the report says what the routing and the grant say")


@pytest.mark.parametrize("name", ["other-grant", "other-report", "other-routing", names.config_name("mx1")])
async def test_other_objects_are_refused(api: Api, agents_api: Api, namespace: str, name: str) -> None:
    await objects.put(api, namespace, name, {"x": "y"})
    with pytest.raises(RefusedError):
        await agents_api.get(CONFIG_MAP, Key(namespace, name))
    with pytest.raises(RefusedError):
        await agents_api.merge_patch(CONFIG_MAP, Key(namespace, name), {"data": {"x": "z"}}, manager="agent")


@pytest.mark.parametrize("name", [names.grant_name("mx1"), names.routing_name("pool")])
async def test_its_orders_are_read_only(api: Api, agents_api: Api, namespace: str, name: str) -> None:
    await objects.put(api, namespace, name, {"x": "y"})
    assert await agents_api.get(CONFIG_MAP, Key(namespace, name)) is not None
    with pytest.raises(RefusedError):
        await agents_api.merge_patch(CONFIG_MAP, Key(namespace, name), {"data": {"x": "z"}}, manager="agent")


async def test_all_objects_at_once_are_refused(agents_api: Api, namespace: str) -> None:
    with pytest.raises(RefusedError):
        await agents_api.list(CONFIG_MAP, namespace=namespace)
