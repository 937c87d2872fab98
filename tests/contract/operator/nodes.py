"""Nodes and their egress programs, as far as the API server sees them."""

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from e2e.cluster.controlplane import ControlPlane
from smtppool.api.documents import NodeEgress, NodeEgressReport
from smtppool.api.names import (
    COMPONENT,
    EGRESS_KEY,
    NODE_MANAGER,
    PART_OF,
    PART_OF_VALUE,
    REPORT_KEY,
    Key,
    node_egress_name,
    node_egress_report_name,
)
from smtppool.kube.client import Api
from smtppool.kube.kinds import CONFIG_MAP, NODE, uid_of


@dataclass(frozen=True)
class SimulatedNode:
    """A node whose program reports what it is told to."""

    api: Api
    namespace: str
    name: str

    async def order(self) -> NodeEgress | None:
        """What the operator wants of it."""
        body = await self.api.get(CONFIG_MAP, Key(self.namespace, node_egress_name(self.name)))
        return NodeEgress.model_validate_json(body["data"][EGRESS_KEY]) if body else None

    async def report(self, report: NodeEgressReport) -> None:
        """Say it."""
        metadata = {
            "name": node_egress_report_name(self.name),
            "namespace": self.namespace,
            "labels": {PART_OF: PART_OF_VALUE, COMPONENT: "egress-report"},
        }
        data = {REPORT_KEY: report.model_dump_json(by_alias=True, exclude_none=True)}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
        await self.api.apply(body, manager=NODE_MANAGER)

    async def cordon(self, *, unschedulable: bool = True) -> None:
        """As `kubectl cordon` does."""
        change = {"spec": {"unschedulable": unschedulable or None}}
        await self.api.merge_patch(NODE, Key("", self.name), change, manager="tests")

    def bind(self, plane: ControlPlane, namespace: str, pod: str) -> None:
        """What a scheduler does."""
        target = {"apiVersion": "v1", "kind": "Node", "name": self.name}
        metadata = {"name": pod, "namespace": namespace}
        binding = {"apiVersion": "v1", "kind": "Binding", "metadata": metadata, "target": target}
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/binding"
        plane.kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(binding))


@asynccontextmanager
async def simulated_node(api: Api, namespace: str) -> AsyncIterator[SimulatedNode]:
    """A node that exists while the test runs."""
    name = f"node-{secrets.token_hex(3)}"
    metadata = {"name": name, "labels": {"kubernetes.io/hostname": name}}
    made = await api.create({"apiVersion": "v1", "kind": "Node", "metadata": metadata}, manager="tests")
    # The API server marks it as not ready, and a controller that this control plane has not takes the mark away.
    await api.merge_patch(NODE, Key("", name), {"spec": {"taints": None}}, manager="tests")
    yield SimulatedNode(api, namespace, name)
    await api.delete(NODE, Key("", name), uid=uid_of(made))
    for config_map in (node_egress_report_name(name), node_egress_name(name)):
        body = await api.get(CONFIG_MAP, Key(namespace, config_map))
        if body is not None:
            await api.delete(CONFIG_MAP, Key(namespace, config_map), uid=uid_of(body))
