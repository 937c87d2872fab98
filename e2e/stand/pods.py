"""Relay pods as faults see them: the processes of their containers, and their queues."""

from dataclasses import dataclass

from e2e.cluster.api import Cluster
from e2e.stand.kubectl import get, kubectl

CONTAINERS = ("postfix", "gate", "agent", "haproxy")


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

    def flush(self) -> None:
        """Try all deferred mail now."""
        self.exec("postfix", "postqueue", "-f")
