"""The rendered chart on a real API server: every object is taken, pods fit their level, rights are exact."""

import json
from collections.abc import Iterator

import pytest
import yaml

from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.shell import CommandFailedError
from tests.chart.conftest import NAMESPACE, ROOT, Body, Render, only
from tests.chart.test_render import ALL, NAME, pod_spec

RIGHTS = {"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "ServiceAccount"}
ACCOUNTS = {"operator": NAME, "egress": f"{NAME}-egress", "cleanup": f"{NAME}-cleanup"}


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory, render: Render) -> Iterator[ControlPlane]:
    """Kinds, accounts and rights are really made; all else is tried only."""
    with ControlPlane(directory=tmp_path_factory.mktemp("chart")) as plane:
        for level in ("restricted", "baseline", "privileged"):
            apply(plane, namespace(level, level))
        apply(plane, namespace(NAMESPACE, "privileged"))
        bodies = render(*ALL)
        apply(plane, *(body for body in bodies if body["kind"] == "CustomResourceDefinition"))
        apply(plane, *(body for body in bodies if body["kind"] in RIGHTS))
        yield plane


def namespace(name: str, level: str) -> Body:
    labels = {"pod-security.kubernetes.io/enforce": level}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def apply(plane: ControlPlane, *bodies: Body, dry: bool = False) -> str:
    options = ("--server-side", "--dry-run=server") if dry else ("--server-side",)
    return plane.kubectl("apply", *options, "--validate=strict", "-f", "-", stdin=yaml.safe_dump_all(bodies))


def test_every_object_is_taken(plane: ControlPlane, render: Render) -> None:
    bodies = [body for body in render(*ALL) if body["kind"] != "PodMonitor"]
    assert apply(plane, *bodies, dry=True).count("serverside-applied") == len(bodies)


def test_plain_manifest_is_taken(plane: ControlPlane) -> None:
    bodies = [body for body in yaml.safe_load_all((ROOT / "manifests/install.yaml").read_text("utf-8")) if body]
    assert apply(plane, *bodies, dry=True).count("serverside-applied") == len(bodies)


def test_samples_are_taken(plane: ControlPlane) -> None:
    plane.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
    for file in sorted((ROOT / "manifests/samples").glob("*.yaml")):
        bodies = [body for body in yaml.safe_load_all(file.read_text("utf-8")) if body]
        for body in bodies:
            body["metadata"]["namespace"] = NAMESPACE
        assert apply(plane, *bodies, dry=True).count("serverside-applied") == len(bodies)


@pytest.mark.parametrize(
    ("kind", "name", "level", "taken"),
    [
        ("Deployment", NAME, "restricted", True),
        ("Job", f"{NAME}-pre-delete", "restricted", True),
        ("Job", f"{NAME}-post-delete", "restricted", True),
        ("DaemonSet", f"{NAME}-egress", "baseline", False),
        ("DaemonSet", f"{NAME}-egress", "privileged", True),
    ],
)
def test_pod_security(plane: ControlPlane, render: Render, kind: str, name: str, level: str, taken: bool) -> None:
    spec = {
        key: value
        for key, value in pod_spec(only(render(*ALL), kind, name)).items()
        if key not in {"serviceAccountName", "priorityClassName"}
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "tried", "namespace": level}, "spec": spec}
    if taken:
        assert "serverside-applied" in apply(plane, pod, dry=True)
    else:
        with pytest.raises(CommandFailedError, match="violates PodSecurity"):
            apply(plane, pod, dry=True)


@pytest.mark.parametrize(
    ("account", "verb", "resource", "where", "allowed"),
    [
        ("operator", "list", "smtpservers.smtppool.io", "", True),
        ("operator", "patch", "smtpservers.smtppool.io/status", "mail", True),
        ("operator", "create", "statefulsets.apps", "mail", True),
        ("operator", "get", "leases.coordination.k8s.io/smtp-pool-operator", NAMESPACE, True),
        ("operator", "get", "leases.coordination.k8s.io/other", NAMESPACE, False),
        ("operator", "get", "secrets", "mail", False),
        ("operator", "create", "pods", "mail", False),
        ("operator", "escalate", "roles.rbac.authorization.k8s.io", "mail", False),
        ("operator", "create", "clusterroles.rbac.authorization.k8s.io", "", False),
        ("operator", "patch", "nodes", "", False),
        ("egress", "patch", "configmaps", NAMESPACE, True),
        ("egress", "list", "configmaps", "mail", False),
        ("egress", "list", "pods", NAMESPACE, False),
        ("egress", "delete", "configmaps", NAMESPACE, False),
        ("egress", "get", "nodes", "", False),
        ("cleanup", "delete", "smtppools.smtppool.io", "mail", True),
        ("cleanup", "delete", "persistentvolumeclaims", "mail", False),
        ("cleanup", "delete", "configmaps", NAMESPACE, True),
        ("cleanup", "delete", "configmaps", "mail", False),
    ],
)
def test_rights(plane: ControlPlane, account: str, verb: str, resource: str, where: str, allowed: bool) -> None:
    kind, _, name = resource.partition("/")
    plural, _, group = kind.partition(".")
    attributes = {"verb": verb, "group": group, "resource": plural, "namespace": where}
    if name == "status":
        attributes["subresource"] = name
    elif name:
        attributes["name"] = name
    user = f"system:serviceaccount:{NAMESPACE}:{ACCOUNTS[account]}"
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": user, "resourceAttributes": attributes},
    }
    answer = json.loads(plane.kubectl("create", "-f", "-", "-o", "json", stdin=json.dumps(review)))
    assert answer["status"].get("allowed", False) == allowed
