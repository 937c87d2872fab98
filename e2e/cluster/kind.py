"""kind itself: the cluster's configuration, and its creation and deletion on an engine.

The configuration is JSON, which is YAML; patches are added only where the host or the node image needs them.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.cluster.engine import Engine
from e2e.cluster.shell import CommandFailedError, run, step

POD_RANGE = "10.244.0.0/16"
SERVICE_RANGE = "10.96.0.0/16"
CREATE_TIMEOUT = 600
LOAD_TIMEOUT = 300
# A lower oom_score_adj than one's own needs CAP_SYS_RESOURCE, which privileged containers lack on some hosts.
KEEP_OOM_SCORE = '[plugins."io.containerd.grpc.v1.cri"]\n  restrict_oom_score_adj = true\n'

# Kubernetes 1.35 and newer refuse to start on cgroup v1 unless told so.
KUBELET_ON_CGROUP_V1 = {
    "kind": "KubeletConfiguration",
    "apiVersion": "kubelet.config.k8s.io/v1beta1",
    "failCgroupV1": False,
}
# Pods may run on the control plane node too, also when there are workers.
UNTAINTED = {"kind": "InitConfiguration", "nodeRegistration": {"taints": []}}
# A cluster for tests may lose its data with the host's power, but must not wait for the host's disk: a write waited
# 6 ms at the median, half a second at worst. kubeadm has two ways to write it; a patch of the other version is ignored.
NO_FSYNC = "unsafe-no-fsync"
UNSYNCED_ETCD = (
    {
        "kind": "ClusterConfiguration",
        "apiVersion": "kubeadm.k8s.io/v1beta3",
        "etcd": {"local": {"extraArgs": {NO_FSYNC: "true"}}},
    },
    {
        "kind": "ClusterConfiguration",
        "apiVersion": "kubeadm.k8s.io/v1beta4",
        "etcd": {"local": {"extraArgs": [{"name": NO_FSYNC, "value": "true"}]}},
    },
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the cluster must look like on this host; `image` empty means kind's own default."""

    name: str
    workers: int
    image: str
    bring_network: bool
    cgroup_v1: bool
    keep_oom_score: bool


def configuration(plan: Plan) -> dict[str, Any]:
    """kind's v1alpha4 configuration for a plan."""
    nodes = [{"role": "control-plane"}, *({"role": "worker"} for _ in range(plan.workers))]
    # kind takes the taint off a single node itself, and fails if it is not there.
    patches = [
        *UNSYNCED_ETCD,
        *([UNTAINTED] if plan.workers else []),
        *([KUBELET_ON_CGROUP_V1] if plan.cgroup_v1 else []),
    ]
    content: dict[str, Any] = {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "networking": {
            "apiServerAddress": "127.0.0.1",
            "disableDefaultCNI": plan.bring_network,
            "podSubnet": POD_RANGE,
            "serviceSubnet": SERVICE_RANGE,
            "kubeProxyMode": "nftables",
        },
        "nodes": nodes,
        "kubeadmConfigPatches": [json.dumps(patch) for patch in patches],
    }
    if plan.keep_oom_score:
        content["containerdConfigPatches"] = [KEEP_OOM_SCORE]
    return content


@dataclass(frozen=True, kw_only=True)
class Kind:
    """kind on one engine, with the cluster's kubeconfig."""

    engine: Engine
    program: Path
    kubeconfig: Path

    def clusters(self) -> list[str]:
        return self._call("get", "clusters").split()

    def create(self, plan: Plan) -> None:
        """Create the cluster, or show what kind said and remove what it left."""
        argv = ["create", "cluster", "--name", plan.name, "--kubeconfig", str(self.kubeconfig), "--config", "-"]
        if plan.image:
            argv += ["--image", plan.image]
        with step(f"kind create cluster {plan.name} ({plan.workers + 1} nodes)"):
            try:
                self._call(*argv, stdin=json.dumps(configuration(plan)), timeout=CREATE_TIMEOUT)
            except CommandFailedError:
                self.delete(plan.name)
                raise

    def delete(self, name: str) -> None:
        self._call("delete", "cluster", "--name", name, "--kubeconfig", str(self.kubeconfig), timeout=120)

    def load_images(self, references: list[str], *, cluster: str, nodes: list[str]) -> None:
        """Copy images of the user's Docker into these nodes' image stores."""
        words = ("load", "docker-image", *references, "--name", cluster, "--nodes", ",".join(nodes))
        self._call(*words, timeout=LOAD_TIMEOUT)

    def _call(self, *argv: str, stdin: str | None = None, timeout: float = 60) -> str:
        command = (*self.engine.inside, str(self.program), *argv)
        return run(*command, env=self.engine.environment, stdin=stdin, timeout=timeout)
