"""The running cluster as tests see it: kubectl, nodes, egress addresses, the simulated internet, and faults.

    cluster = Cluster.attach()
    cluster.egress_add("smtppool-worker", "198.51.100.11")
    cluster.kubectl("get", "smtp", "-A")

Tests run inside the private engine's network namespace when there is one: `python -m e2e.cluster exec -- pytest e2e`.
"""

from dataclasses import dataclass
from pathlib import Path

from e2e.cluster import network, programs
from e2e.cluster.engine import Engine, docker
from e2e.cluster.mailnet import Mailnet
from e2e.cluster.nodes import Node, Nodes
from e2e.cluster.running import Running, recall
from e2e.cluster.settings import Settings, from_environment
from e2e.cluster.shell import Input, run, wait_until

CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
MANIFESTS, PARKED = "/etc/kubernetes/manifests", "/etc/kubernetes/parked"
API_TIMEOUT = 120
_COMM = 15  # characters that the kernel keeps of a program's name


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A cluster that `up` made. Everything here works from inside and from outside the engine's namespace."""

    settings: Settings
    running: Running
    binaries: Path

    @property
    def has_node_access(self) -> bool:
        """Whether addresses can be put on nodes and commands run there; not with CLUSTER=current."""
        return True

    @staticmethod
    def attach(settings: Settings | None = None) -> "Cluster":
        """The cluster of this environment; NoClusterError if it is not up."""
        known = settings or from_environment()
        if known.current:
            from e2e.cluster.current import CurrentCluster  # noqa: PLC0415 - it is a Cluster, so imports this module

            return CurrentCluster.of_context(known)
        running = recall(known)
        names = programs.SETS[running.choice.node_image]
        return Cluster(settings=known, running=running, binaries=programs.bin_directory(names, known))

    @property
    def kubeconfig(self) -> Path:
        return self.settings.kubeconfig

    @property
    def engine(self) -> Engine:
        return self.running.engine(self.settings)

    @property
    def node_set(self) -> Nodes:
        return Nodes(engine=self.engine, control_plane=self.settings.control_plane)

    @property
    def mailnet(self) -> Mailnet:
        return Mailnet(engine=self.engine, settings=self.settings, nodes=self.node_set)

    @property
    def environment(self) -> dict[str, str]:
        """What commands need beside the namespace; PATH is handled by who runs them."""
        return {**self.engine.environment, "KUBECONFIG": str(self.kubeconfig)}

    def kubectl(self, *argv: str, stdin: Input = None, timeout: float = 60) -> str:
        """Output of kubectl against the cluster as its administrator."""
        command = (*self.engine.inside, str(self.binaries / "kubectl"), "--kubeconfig", str(self.kubeconfig), *argv)
        return run(*command, stdin=stdin, timeout=timeout)

    def nodes(self) -> list[Node]:
        return self.node_set.every()

    def node_exec(self, node: str, *argv: str, stdin: Input = None, timeout: float = 60) -> str:
        """Output of a command in a node's container, as root."""
        return self.node_set.execute(node, *argv, stdin=stdin, timeout=timeout)

    def mailnet_exec(self, *argv: str, stdin: Input = None, timeout: float = 60) -> str:
        """Output of a command in the container that plays the internet, as root."""
        return self.mailnet.execute(*argv, stdin=stdin, timeout=timeout)

    def egress_add(self, node: str, address: str) -> None:
        """Let a node hold an egress address (198.51.100.0/24)."""
        self.mailnet.add_egress(node, address)

    def egress_del(self, node: str, address: str) -> None:
        """Take an egress address from a node."""
        self.mailnet.delete_egress(node, address)

    def stop_node(self, node: str) -> None:
        """Cut a node's power: its container is killed; the kernel forgets its addresses, routes and rules."""
        docker(self.engine, "kill", node)

    def start_node(self, node: str) -> None:
        """Start a stopped node and give back what a restart takes away: pod network, routes, egress addresses."""
        docker(self.engine, "start", node)
        self._await_api("after the start of a node")
        if self.running.choice.node_image == "built":
            network.lay(self.node_set)
        self.node_set.await_ready()
        self.mailnet.connect(node)
        for address in self.mailnet.routed_to(node):
            self.mailnet.add_egress(node, address)

    def stop_control_plane(self) -> None:
        """Stop API server, controllers and scheduler as a maintainer would: their manifests go, the kubelet ends them.

        The API server takes half a minute, as it lets its connections end. Controllers and scheduler that were left
        without it would end again and again, and the kubelet would wait minutes before it starts them once more.
        """
        self._move_manifests(MANIFESTS, PARKED)
        wait_until(
            lambda: not self._control_plane_runs(), reason="the control plane to end", timeout=API_TIMEOUT, every=0.5
        )

    def start_control_plane(self) -> None:
        """Undo `stop_control_plane`."""
        self._move_manifests(PARKED, MANIFESTS)
        self._await_api("after its manifest came back")

    def _move_manifests(self, source: str, target: str) -> None:
        files = [f"{source}/{name}.yaml" for name in CONTROL_PLANE]
        self.node_exec(self.settings.control_plane, "mkdir", "-p", target)
        self.node_exec(self.settings.control_plane, "mv", *files, target)

    def _control_plane_runs(self) -> bool:
        running = self.node_exec(self.settings.control_plane, "ps", "-e", "-o", "comm=").split()
        return any(name[:_COMM] in running for name in CONTROL_PLANE)

    def _await_api(self, when: str) -> None:
        wait_until(self._api_answers, reason=f"the API server {when}", timeout=API_TIMEOUT, every=0.5)

    def _api_answers(self) -> bool:
        return self.node_set.api_answers()
