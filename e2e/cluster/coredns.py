"""In-cluster DNS asks the simulated internet for everything outside cluster.local, so MX lookups find its zones."""

import json
import re

from e2e.cluster.errors import ClusterError
from e2e.cluster.mailnet import DNS
from e2e.cluster.nodes import Nodes

FORWARD = re.compile(r"(?m)^(\s*forward \. )\S+")
IN_KUBE_SYSTEM = ("--namespace", "kube-system")
ROLLOUT_TIMEOUT = "120s"


class UnknownCorefileError(ClusterError):
    """The Corefile has no forward line to change."""


def forward_to_mailnet(nodes: Nodes) -> None:
    """Change the forward line of the cluster's Corefile; pods that read the old one are replaced."""
    found = json.loads(nodes.kubectl("get", "configmap", "coredns", *IN_KUBE_SYSTEM, "--output", "json"))
    corefile = found["data"]["Corefile"]
    wanted = forwarding(corefile, str(DNS))
    if wanted == corefile:
        return
    patch = json.dumps({"data": {"Corefile": wanted}})
    nodes.kubectl("patch", "configmap", "coredns", *IN_KUBE_SYSTEM, "--type=merge", "--patch", patch)
    nodes.kubectl("delete", "pods", *IN_KUBE_SYSTEM, "--selector", "k8s-app=kube-dns", "--wait=false")


def await_ready(nodes: Nodes) -> None:
    watch = ("rollout", "status", "deployment/coredns", f"--timeout={ROLLOUT_TIMEOUT}")
    nodes.kubectl(*watch, *IN_KUBE_SYSTEM, timeout=150)


def forwarding(corefile: str, upstream: str) -> str:
    """The Corefile with its one upstream replaced."""
    changed, count = FORWARD.subn(rf"\g<1>{upstream}", corefile)
    if count != 1:
        raise UnknownCorefileError(f"want one forward line in the Corefile, found {count}")
    return changed
