"""The node program's two ConfigMaps on a real API server, with the rights that the chart gives."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import pytest_asyncio

from e2e.cluster.controlplane import ControlPlane
from smtppool.api import names
from smtppool.api.documents import EgressRule, NodeEgress, NodeEgressReport
from smtppool.kube.client import Api, connect
from smtppool.kube.errors import RefusedError
from smtppool.kube.kinds import CONFIG_MAP, SMTP_POOL, Body
from smtppool.node.bus import KubernetesBus
from smtppool.node.documents import NO_ORDER
from smtppool.node.settings import Settings
from tests.contract.node.installation import NAMESPACE, NodeAccess, install, node_access, wait_for_policy

RULE = EgressRule(pod_address="10.77.0.2", source="198.51.100.11")


@pytest.fixture(scope="module")
def access(plane: ControlPlane) -> NodeAccess:
    install(plane)
    access = node_access(plane, "node-bus")
    wait_for_policy(plane, access)
    return access


@pytest_asyncio.fixture
async def node_api(access: NodeAccess) -> AsyncIterator[Api]:
    async with connect(kubeconfig=access.kubeconfig) as api:
        yield api


def order_manifest(egress: NodeEgress) -> Body:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": names.node_egress_name(egress.node), "namespace": NAMESPACE},
        "data": {names.EGRESS_KEY: egress.model_dump_json(by_alias=True)},
    }


async def test_orders_follow_the_configmap(api: Api, node_api: Api, access: NodeAccess) -> None:
    bus = KubernetesBus(Settings(node=access.node, namespace=NAMESPACE), node_api)
    async with asyncio.timeout(20), aclosing(bus.orders()) as orders:
        assert await anext(orders) == NO_ORDER
        egress = NodeEgress(node=access.node, rules=(RULE,), wanted=("198.51.100.11",))
        await api.apply(order_manifest(egress), manager="tests")
        assert (await anext(orders)).egress == egress
        bad = order_manifest(egress) | {"data": {names.EGRESS_KEY: "{"}}
        await api.apply(bad, manager="tests")
        assert "egress.json" in ((await anext(orders)).error or "")


async def test_report_is_made_and_replaced(api: Api, node_api: Api, access: NodeAccess) -> None:
    bus = KubernetesBus(Settings(node=access.node, namespace=NAMESPACE), node_api)
    for report in (NodeEgressReport(node=access.node), NodeEgressReport(node=access.node, applied=(RULE,))):
        await bus.report(report)
        await bus.report(report)
        key = names.Key(NAMESPACE, names.node_egress_report_name(access.node))
        body = await api.get(CONFIG_MAP, key)
        assert body is not None
        assert body["metadata"]["labels"][names.PART_OF] == names.PART_OF_VALUE
        assert NodeEgressReport.model_validate_json(body["data"][names.REPORT_KEY]) == report


@pytest.mark.parametrize("name", ["node-other-egress-report", "node-bus-egress", "marketing-routing", "-egress-report"])
async def test_a_node_writes_no_other_configmap(node_api: Api, access: NodeAccess, name: str) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": NAMESPACE}}
    with pytest.raises(RefusedError, match=r"may write the report of that node only|Invalid value"):
        await node_api.apply(body, manager="tests")


async def test_a_token_without_a_node_writes_nothing(plane: ControlPlane, access: NodeAccess) -> None:
    token = plane.service_account_token(NAMESPACE, "smtp-pool-operator-egress")
    async with connect(kubeconfig=plane.kubeconfig_for(name="unbound", token=token)) as api:
        bus = KubernetesBus(Settings(node=access.node, namespace=NAMESPACE), api)
        with pytest.raises(RefusedError, match="may write the report of that node only"):
            await bus.report(NodeEgressReport(node=access.node))


async def test_a_node_reads_nothing_elsewhere(node_api: Api, namespace: str) -> None:
    for kind, place in ((CONFIG_MAP, namespace), (CONFIG_MAP, None), (SMTP_POOL, NAMESPACE)):
        with pytest.raises(RefusedError, match="forbidden"):
            await node_api.list(kind, namespace=place)
