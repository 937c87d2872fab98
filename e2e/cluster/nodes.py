"""The nodes of the running cluster: their containers, addresses and pod ranges, and commands inside them."""

import json
from dataclasses import dataclass

from e2e.cluster.engine import Engine, docker
from e2e.cluster.shell import Input, NotReadyError, succeeds, wait_until

KUBECTL = ("kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf")
READY_TIMEOUT = 180


@dataclass(frozen=True, kw_only=True)
class Node:
    """A kind node: the container and the Kubernetes node have the same name."""

    name: str
    address: str
    pod_range: str
    ready: bool


@dataclass(frozen=True, kw_only=True)
class Nodes:
    """All nodes of one cluster, asked through its control plane node, so without a kubeconfig or a published port."""

    engine: Engine
    control_plane: str

    def execute(self, node: str, *argv: str, stdin: Input = None, timeout: float = 60) -> str:
        """Output of a command inside a node's container."""
        interactive = ("--interactive",) if stdin is not None else ()
        return docker(self.engine, "exec", *interactive, node, *argv, stdin=stdin, timeout=timeout)

    def kubectl(self, *argv: str, stdin: Input = None, timeout: float = 60) -> str:
        return self.execute(self.control_plane, *KUBECTL, *argv, stdin=stdin, timeout=timeout)

    def api_answers(self) -> bool:
        """Whether the API server is ready to serve."""
        return succeeds(
            "docker", "exec", self.control_plane, *KUBECTL, "get", "--raw", "/readyz", env=self.engine.environment
        )

    def every(self) -> list[Node]:
        """The nodes in the order of their names."""
        items = json.loads(self.kubectl("get", "nodes", "--output", "json"))["items"]
        return [parsed(item) for item in items]

    def with_pod_ranges(self) -> list[Node]:
        """The nodes as soon as each has a pod range."""
        found: list[Node] = []

        def complete() -> bool:
            found[:] = self.every()
            return all(node.pod_range for node in found)

        wait_until(complete, reason="a pod range on each node", timeout=60, every=0.3)
        return found

    def await_ready(self) -> None:
        try:
            wait_until(self._all_ready, reason="all nodes to be Ready", timeout=READY_TIMEOUT, every=0.3)
        except NotReadyError as late:
            raise NotReadyError(f"{late}\n{self.kubectl('describe', 'nodes')[-3000:]}") from late

    def _all_ready(self) -> bool:
        return all(node.ready for node in self.every())


def parsed(item: dict[str, dict[str, object]]) -> Node:
    """A Node object of the API."""
    status: dict[str, object] = item["status"]
    addresses = {entry["type"]: entry["address"] for entry in status.get("addresses", [])}  # type: ignore[attr-defined]
    conditions = {entry["type"]: entry["status"] for entry in status.get("conditions", [])}  # type: ignore[attr-defined]
    return Node(
        name=str(item["metadata"]["name"]),
        address=addresses.get("InternalIP", ""),
        pod_range=str(item["spec"].get("podCIDR", "")),
        ready=conditions.get("Ready") == "True",
    )
