"""The chart's egress part on the real API server, and the token that a node's pod gets there."""

import json
import time
from pathlib import Path
from typing import NamedTuple

import yaml

from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.programs import program
from e2e.cluster.settings import from_environment
from e2e.cluster.shell import CommandFailedError, run

CHART = Path(__file__).resolve().parents[3] / "charts" / "smtp-pool-operator"
NAMESPACE = "smtp-system"
ACCOUNT = "smtp-pool-operator-egress"
_KINDS = {"ServiceAccount", "Role", "RoleBinding", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}


class NodeAccess(NamedTuple):
    """A node, and a kubeconfig with the rights of its egress pod."""

    node: str
    kubeconfig: Path


def install(plane: ControlPlane) -> None:
    """Accounts, rights and the admission policy of the node program."""
    helm = program("helm", from_environment())
    values = ("--namespace", NAMESPACE, "--set", "egress.node.enabled=true")
    rendered = run(helm, "template", "smtp-pool-operator", CHART, *values, "--no-hooks", timeout=60)
    wanted = [body for body in yaml.safe_load_all(rendered) if body and body["kind"] in _KINDS and _is_egress(body)]
    assert {body["kind"] for body in wanted} == _KINDS
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    plane.kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all([namespace, *wanted]))


def node_access(plane: ControlPlane, node: str) -> NodeAccess:
    """A token bound to a pod on the node, as the kubelet asks for it."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"egress-{node}", "namespace": NAMESPACE},
        "spec": {
            "serviceAccountName": ACCOUNT,
            "nodeName": node,
            "containers": [{"name": "egress", "image": "none"}],
        },
    }
    body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": node}}
    plane.kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all([body, pod]))
    where = ("-n", NAMESPACE)
    uid = json.loads(plane.kubectl("get", "pod", f"egress-{node}", *where, "-o", "json"))["metadata"]["uid"]
    bound = ("--bound-object-kind", "Pod", "--bound-object-name", f"egress-{node}", "--bound-object-uid", uid)
    token = plane.kubectl("create", "token", ACCOUNT, *where, *bound).strip()
    return NodeAccess(node, plane.kubeconfig_for(name=node, token=token))


def wait_for_policy(plane: ControlPlane, access: NodeAccess) -> None:
    """API servers take new admission policies up by a watch, after a moment."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "not-a-report", "namespace": NAMESPACE}}
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            dry = ("--server-side", "--dry-run=server", "--field-manager=tests", "-f", "-")
            plane.kubectl("apply", *dry, stdin=json.dumps(body), kubeconfig=access.kubeconfig)
        except CommandFailedError as error:
            if "may write the report of that node only" not in str(error):
                raise
            return
        time.sleep(0.5)
    raise AssertionError("the admission policy is not in force after 30 s")


def _is_egress(body: dict[str, object]) -> bool:
    metadata = body["metadata"]
    assert isinstance(metadata, dict)
    return bool(metadata["labels"]["app.kubernetes.io/component"] == "egress")
