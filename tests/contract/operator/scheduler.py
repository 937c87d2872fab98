"""What a scheduler does, as far as tests need it: a pod gets the first of its nodes that takes pods, or none."""

from collections.abc import Sequence

from kubernetes.aio.dynamic import DynamicClient

from smtppool.api.names import Key
from smtppool.kube.client import Api
from smtppool.kube.errors import typed
from smtppool.kube.kinds import NODE, POD, Body, key_of
from smtppool.render.egress.placement import pinned_node


async def bind(api: Api, pod: Body, nodes: Sequence[str]) -> bool:
    """Whether it has a node now. One that it is pinned to is the only one."""
    pinned = pinned_node({"spec": pod["spec"]})
    for name in (pinned,) if pinned is not None else nodes:
        node = await api.get(NODE, Key("", name))
        if node is not None and not node["spec"].get("unschedulable"):
            await _bind(api, key_of(pod), name)
            return True
    return False


async def _bind(api: Api, key: Key, node: str) -> None:
    target = {"apiVersion": "v1", "kind": "Node", "name": node}
    metadata = {"namespace": key.namespace, "name": key.name}
    body = {"apiVersion": "v1", "kind": "Binding", "metadata": metadata, "target": target}
    client = DynamicClient(api.client)
    with typed("bind"):
        await client.request("post", f"{api.path(POD, key)}/binding", body=body, serialize=False)
