"""Relay pods as faults see them: the processes of their containers, and their queues."""

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from e2e.cluster.api import Cluster
from e2e.stand.kubectl import get, kubectl

CONTAINERS = ("postfix", "gate", "agent", "haproxy")
# The kubelet names a link to each container's log after pod, namespace, container and containerd's id.
RUNNING = """
for log in /var/log/containers/"$1"*.log; do
  name=${log##*/"$1"} id=${log##*-}
  for file in $(grep -ls "${id%.log}" /proc/[0-9]*/cgroup); do
    pid=${file#/proc/}
    echo "${name%-*} ${id%.log} ${pid%/cgroup}"
  done
done
"""


class Process(NamedTuple):
    """A process of a container; a container that was started again has another id."""

    container: str
    container_id: str
    pid: int


@dataclass(frozen=True, kw_only=True)
class RelayPod:
    """The pod of one server."""

    cluster: Cluster
    namespace: str
    server: str

    @property
    def name(self) -> str:
        """Pod name."""
        return f"{self.server}-relay-0"

    @property
    def uid(self) -> str:
        """Pod uid; '' while there is none."""
        return str(get("pod", self.name, namespace=self.namespace).get("metadata", {}).get("uid", ""))

    @property
    def node(self) -> str:
        """Where it runs."""
        return str(get("pod", self.name, namespace=self.namespace)["spec"]["nodeName"])

    def exec(self, container: str, *command: str) -> str:
        """Output of a command in one of its containers."""
        return kubectl("exec", "-n", self.namespace, self.name, "-c", container, "--", *command)

    def container_id(self, container: str) -> str:
        """containerd's id of a running container."""
        status = get("pod", self.name, namespace=self.namespace)["status"]
        found = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
        return next(str(c["containerID"]).rpartition("/")[2] for c in found if c["name"] == container)

    def processes(self, container: str) -> list[int]:
        """Pids on the node of all processes of a container."""
        script = f"grep -ls {self.container_id(container)} /proc/[0-9]*/cgroup | cut -d/ -f3"
        return [int(pid) for pid in self.cluster.node_exec(self.node, "sh", "-c", script).split()]

    def kill(self, *containers: str) -> None:
        """kill -9 of every process of these containers, in one command."""
        pids = [str(pid) for container in containers for pid in self.processes(container)]
        assert pids, f"no process of {', '.join(containers)} in {self.name}"
        self.cluster.node_exec(self.node, "sh", "-c", f"kill -9 {' '.join(pids)} 2>/dev/null || true")

    def memory(self, container: str) -> int:
        """Proportional set size of a container's processes, in KiB."""
        files = " ".join(f"/proc/{pid}/smaps_rollup" for pid in self.processes(container))
        text = self.cluster.node_exec(self.node, "sh", "-c", f"grep -h ^Pss: {files} || true")
        return sum(int(line.split()[1]) for line in text.splitlines())

    def queued(self) -> list[dict[str, Any]]:
        """Messages as Postfix lists them; delivered ones that are still listed are none."""
        listed = [json.loads(line) for line in self.exec("postfix", "postqueue", "-j").splitlines()]
        return [message for message in listed if message["recipients"]]

    def flush(self) -> None:
        """Try all deferred mail now."""
        self.exec("postfix", "postqueue", "-f")

    def on_node(self) -> "OnNode":
        """The same pod for the time when no API server answers."""
        return OnNode(cluster=self.cluster, node=self.node, namespace=self.namespace, name=self.name)


@dataclass(frozen=True, kw_only=True)
class OnNode:
    """A pod as its node alone knows it: nothing here asks the API server."""

    cluster: Cluster
    node: str
    namespace: str
    name: str

    def running(self) -> list[Process]:
        """All processes of its containers."""
        prefix = f"{self.name}_{self.namespace}_"
        rows = self.cluster.node_exec(self.node, "sh", "-c", RUNNING, "sh", prefix).splitlines()
        return [Process(name, one, int(pid)) for name, one, pid in (row.split() for row in rows)]

    def kill(self, *containers: str) -> None:
        """kill -9 of every process of these containers, in one command; one that ended by itself meanwhile is fine."""
        pids = [str(process.pid) for process in self.running() if process.container in containers]
        assert pids, f"no process of {', '.join(containers)} in {self.name}"
        self.cluster.node_exec(self.node, "sh", "-c", f"kill -9 {' '.join(pids)} 2>/dev/null || true")
