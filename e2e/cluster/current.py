"""Any cluster that KUBECONFIG names (CLUSTER=current): the same face as the own one, without its nodes.

The simulated internet is a pod there, egress is `preprovisioned`, and what needs a node's addresses or containers is
refused with a reason. Nothing is created outside the namespace `mailnet`.
"""

import json
import os
from pathlib import Path
from string import Template
from typing import NoReturn, Self

from e2e.cluster import programs
from e2e.cluster.api import Cluster
from e2e.cluster.detect import Choice
from e2e.cluster.errors import ClusterError
from e2e.cluster.nodes import Node, parsed
from e2e.cluster.running import Running
from e2e.cluster.settings import Settings
from e2e.cluster.shell import Input, run, step

MANIFEST = Path(__file__).parent / "manifests" / "mailnet.yaml"
PROGRAMS = ("kubectl", "helm")
IN_MAILNET = ("--namespace", "mailnet")
ROLLOUT_TIMEOUT = 180


class NoNodeAccessError(ClusterError):
    """What was asked for needs the nodes of a cluster that is not ours."""


class CurrentCluster(Cluster):
    """The cluster of the present kubectl context."""

    @classmethod
    def of_context(cls, settings: Settings) -> Self:
        """Whatever kubectl talks to now."""
        choice = Choice(engine="docker", node_image="stock", reason="CLUSTER=current")
        running = Running(choice=choice, docker_host=os.environ.get("DOCKER_HOST", ""))
        return cls(settings=settings, running=running, binaries=programs.bin_directory(PROGRAMS, settings))

    @property
    def kubeconfig(self) -> Path:
        return Path(os.environ.get("KUBECONFIG") or Path.home() / ".kube" / "config")

    @property
    def has_node_access(self) -> bool:
        return False

    def nodes(self) -> list[Node]:
        return [parsed(item) for item in json.loads(self.kubectl("get", "nodes", "--output", "json"))["items"]]

    def mailnet_exec(self, *argv: str, stdin: Input = None, timeout: float = 60) -> str:
        interactive = ("--stdin",) if stdin is not None else ()
        words = ("exec", *IN_MAILNET, *interactive, "deployment/mailnet", "--", *argv)
        return self.kubectl(*words, stdin=stdin, timeout=timeout)

    def mailnet_up(self, image: str) -> None:
        """Apply the pod with this image, which the cluster must be able to pull, and wait for it."""
        with step(f"run {image} in namespace mailnet"):
            manifest = Template(MANIFEST.read_text()).substitute(image=image)
            self.kubectl("apply", "--server-side", "--filename", "-", stdin=manifest)
            wait = ("rollout", "status", "deployment/mailnet", f"--timeout={ROLLOUT_TIMEOUT}s")
            self.kubectl(*wait, *IN_MAILNET, timeout=ROLLOUT_TIMEOUT + 10)

    def mailnet_down(self) -> None:
        self.kubectl("delete", "namespace", "mailnet", "--ignore-not-found", timeout=ROLLOUT_TIMEOUT)

    def push(self, references: list[str]) -> None:
        """Bring images to the registry that SMTPPOOL_REGISTRY names; without one they must be on the nodes already."""
        if not os.environ.get("SMTPPOOL_REGISTRY"):
            return
        for reference in references:
            with step(f"push {reference}"):
                run("docker", "push", "--quiet", reference, timeout=600)

    def node_exec(self, node: str, *argv: str, stdin: Input = None, timeout: float = 60) -> str:  # noqa: ARG002
        self._refuse(f"a command on node {node}")

    def egress_add(self, node: str, address: str) -> None:
        self._refuse(f"egress address {address} on node {node}")

    def egress_del(self, node: str, address: str) -> None:
        self._refuse(f"egress address {address} on node {node}")

    def stop_node(self, node: str) -> None:
        self._refuse(f"a stop of node {node}")

    def start_node(self, node: str) -> None:
        self._refuse(f"a start of node {node}")

    def stop_apiserver(self) -> None:
        self._refuse("a stop of the API server")

    def start_apiserver(self) -> None:
        self._refuse("a start of the API server")

    @staticmethod
    def _refuse(what: str) -> NoReturn:
        raise NoNodeAccessError(f"{what}: not with CLUSTER=current, whose nodes are not ours")
