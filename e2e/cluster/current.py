"""Any cluster that KUBECONFIG names (CLUSTER=current): the same face as the own one, without its nodes.

The simulated internet is a pod there, egress is `preprovisioned`, and what needs a node's addresses or containers is
refused with a reason. Nothing is created outside the namespace `mailnet`.
"""

import json
import os
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from string import Template
from typing import NoReturn, Self

from e2e.cluster import programs, reachable
from e2e.cluster.api import Cluster
from e2e.cluster.detect import Choice
from e2e.cluster.errors import ClusterError
from e2e.cluster.nodes import Node, parsed
from e2e.cluster.running import Running
from e2e.cluster.settings import Settings, SettingsError
from e2e.cluster.shell import Input, step

MANIFEST = Path(__file__).parent / "manifests" / "mailnet.yaml"
PROGRAMS = ("kubectl", "helm")
NAMESPACE = "mailnet"
IN_MAILNET = ("--namespace", NAMESPACE)
ROLLOUT_TIMEOUT = 180


class NoNodeAccessError(ClusterError):
    """What was asked for needs the nodes of a cluster that is not ours."""


class UnknownPodNetworkError(ClusterError):
    """Pods have addresses outside the network that pools will admit."""


def pod_network(environment: Mapping[str, str] = os.environ) -> str:
    """SMTPPOOL_POD_NETWORK: the network of client pods, which pools admit; SettingsError if it is no network."""
    wanted = environment.get("SMTPPOOL_POD_NETWORK") or "10.0.0.0/8"
    try:
        return str(IPv4Network(wanted))
    except ValueError as error:
        raise SettingsError(f"SMTPPOOL_POD_NETWORK={wanted!r}: {error}") from error


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
        named = os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
        if os.pathsep in named:
            raise SettingsError(
                f"KUBECONFIG={named}: want one file; `kubectl config view --flatten` makes one of several"
            )
        if not Path(named).is_file():
            raise SettingsError(f"CLUSTER=current needs a kubeconfig, but {named} is no file: set KUBECONFIG")
        return Path(named)

    @property
    def has_node_access(self) -> bool:
        return False

    def nodes(self) -> list[Node]:
        return [parsed(item) for item in json.loads(self.kubectl("get", "nodes", "--output", "json"))["items"]]

    def mailnet_exec(self, *argv: str, stdin: Input = None, timeout: float = 60) -> str:
        interactive = ("--stdin",) if stdin is not None else ()
        words = ("exec", *IN_MAILNET, *interactive, "deployment/mailnet", "--", *argv)
        return self.kubectl(*words, stdin=stdin, timeout=timeout)

    def context(self) -> str:
        """The context of the kubeconfig and its server, for the user to see what will be changed."""
        server = self.kubectl("config", "view", "--minify", "--output", "jsonpath={.clusters[0].cluster.server}")
        return f"context {self.kubectl('config', 'current-context').strip()}, {server}"

    def await_images(self, references: Sequence[str]) -> None:
        """Wait until every node has these images; ImageNotAvailableError if one cannot get them."""
        with step(f"start {', '.join(references)} on every node"):
            space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
            self.kubectl("apply", "--server-side", "--filename", "-", stdin=json.dumps(space))
            reachable.await_images(self.kubectl, references, namespace=NAMESPACE)

    def mailnet_up(self, image: str) -> None:
        """Apply the pod with this image, which the nodes have, wait for it, and look at its address."""
        with step(f"run {image} in namespace {NAMESPACE}"):
            manifest = Template(MANIFEST.read_text()).substitute(image=image)
            self.kubectl("apply", "--server-side", "--filename", "-", stdin=manifest)
            wait = ("rollout", "status", "deployment/mailnet", f"--timeout={ROLLOUT_TIMEOUT}s")
            self.kubectl(*wait, *IN_MAILNET, timeout=ROLLOUT_TIMEOUT + 10)
        shown = self.kubectl("get", "pods", *IN_MAILNET, "--selector", "app=mailnet", "--output", "json")
        for pod in json.loads(shown)["items"]:
            check_pod_address(pod["status"].get("podIP", ""), pod_network())

    def mailnet_down(self) -> None:
        self.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", timeout=ROLLOUT_TIMEOUT)

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

    def stop_control_plane(self) -> None:
        self._refuse("a stop of the control plane")

    def start_control_plane(self) -> None:
        self._refuse("a start of the control plane")

    @staticmethod
    def _refuse(what: str) -> NoReturn:
        raise NoNodeAccessError(f"{what}: not with CLUSTER=current, whose nodes are not ours")


def check_pod_address(address: str, network: str) -> None:
    """UnknownPodNetworkError if pods of this cluster are elsewhere; a pod without an address says nothing."""
    if address and IPv4Address(address) not in IPv4Network(network):
        raise UnknownPodNetworkError(
            f"pods have addresses such as {address}, outside {network}: set SMTPPOOL_POD_NETWORK to the pod network"
        )
