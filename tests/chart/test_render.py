"""What the chart gives for which values."""

from pathlib import Path
from typing import Any

import pytest

from smtppool.api.names import PART_OF
from smtppool.node.settings import STATE_DIR
from tests.chart.conftest import CHART, NAMESPACE, Body, Render, only, run_helm

ALL = (
    "egress.node.enabled=true",
    "operator.replicas=2",
    "metrics.podMonitor.enabled=true",
    "imagePullSecrets={registry}",
    "operator.podLabels.team=mail",
    "operator.priorityClassName=high",
    "egress.node.nodeSelector.mail=relay",
)
NAME = "smtp-pool-operator"


def test_lint(helm: Path) -> None:
    done = run_helm(helm, "lint", "--strict", str(CHART))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("values", "kind", "count"),
    [
        ((), "CustomResourceDefinition", 3),
        (("crds.enabled=false",), "CustomResourceDefinition", 0),
        ((), "DaemonSet", 0),
        ((), "ValidatingAdmissionPolicy", 0),
        (("egress.node.enabled=true",), "DaemonSet", 1),
        (("egress.node.enabled=true",), "ValidatingAdmissionPolicy", 1),
        (("egress.node.enabled=true",), "ValidatingAdmissionPolicyBinding", 1),
        ((), "PodMonitor", 0),
        (("metrics.podMonitor.enabled=true",), "PodMonitor", 2),
        ((), "Service", 1),
        (("metrics.service.enabled=false",), "Service", 0),
        ((), "Job", 2),
        (("cleanup.enabled=false",), "Job", 0),
        ((), "ClusterRole", 5),
        (("rbac.aggregate=false", "cleanup.enabled=false"), "ClusterRole", 1),
    ],
)
def test_toggles(render: Render, values: tuple[str, ...], kind: str, count: int) -> None:
    assert sum(body["kind"] == kind for body in render(*values)) == count


@pytest.mark.parametrize("keep", [True, False])
def test_kept_definitions(render: Render, *, keep: bool) -> None:
    for body in render(f"crds.keep={str(keep).lower()}"):
        if body["kind"] == "CustomResourceDefinition":
            policy = body["metadata"].get("annotations", {}).get("helm.sh/resource-policy")
            assert policy == ("keep" if keep else None)


@pytest.mark.parametrize(
    ("replicas", "strategy", "lease", "roles"),
    [(1, "Recreate", None, []), (2, "RollingUpdate", NAME, [f"{NAME}-lease"])],
)
def test_replicas(render: Render, replicas: int, strategy: str, lease: str | None, roles: list[str]) -> None:
    bodies = render(f"operator.replicas={replicas}")
    deployment = only(bodies, "Deployment")
    assert deployment["spec"]["strategy"]["type"] == strategy
    assert environment(deployment).get("LEASE_NAME") == lease
    assert [body["metadata"]["name"] for body in bodies if body["kind"] == "Role" and "lease" in str(body)][:1] == (
        roles or [f"{NAME}-cleanup"]
    )


def test_images_and_settings(render: Render) -> None:
    own = ("image.repository=registry.example:5000/op", "image.tag=1.2")
    bodies = render(*own, "cluster.networks={10.0.0.0/8}", "relay.image.tag=3.4", "egress.node.enabled=true")
    set_to = environment(only(bodies, "Deployment"))
    assert set_to["RELAY_IMAGE"] == "smtp-pool-relay:3.4"
    assert set_to["CLUSTER_NETWORKS"] == "10.0.0.0/8"
    images = {container["image"] for body in bodies for container in containers(body)}
    assert images == {"registry.example:5000/op:1.2"}


def test_pods_are_restricted(render: Render) -> None:
    """All but the node program, which has the node's network and one capability."""
    for body in render(*ALL):
        for container in containers(body):
            context, pod = container["securityContext"], pod_spec(body)
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
            expected = {"drop": ["ALL"], "add": ["NET_ADMIN"]} if body["kind"] == "DaemonSet" else {"drop": ["ALL"]}
            assert context["capabilities"] == expected
            assert bool(pod.get("hostNetwork")) == (body["kind"] == "DaemonSet")
            assert pod["securityContext"].get("runAsNonRoot", False) == (body["kind"] != "DaemonSet")
            assert container["resources"]["limits"]["memory"]
            assert pod["imagePullSecrets"] == [{"name": "registry"}]


def test_the_node_program_alone_has_a_directory_of_the_node(render: Render) -> None:
    """Its root file system is read-only: the last order is kept in the one place that it may write to."""
    bodies = render(*ALL)
    paths = {body["kind"]: volume["hostPath"]["path"] for body in bodies for volume in volumes(body, "hostPath")}
    assert paths == {"DaemonSet": str(STATE_DIR)}
    program = only(bodies, "DaemonSet")
    (volume,) = volumes(program, "hostPath")
    (mount,) = (mount for mount in containers(program)[0]["volumeMounts"] if mount["name"] == volume["name"])
    assert mount == {"name": volume["name"], "mountPath": environment(program)["STATE_DIR"]}
    assert (environment(program)["STATE_DIR"], volume["hostPath"]["type"]) == (str(STATE_DIR), "DirectoryOrCreate")


def test_own_objects_are_not_taken_for_children(render: Render) -> None:
    """The operator watches what carries PART_OF."""
    for body in render(*ALL):
        assert PART_OF not in body["metadata"].get("labels", {})
        assert body["metadata"].get("namespace") in (None, NAMESPACE)


def test_selectors_match_their_pods(render: Render) -> None:
    bodies = render(*ALL)
    for body in bodies:
        if body["kind"] in {"Deployment", "DaemonSet"}:
            labels = body["spec"]["template"]["metadata"]["labels"]
            assert body["spec"]["selector"]["matchLabels"].items() <= labels.items()
    pod_labels = only(bodies, "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert only(bodies, "Service")["spec"]["selector"].items() <= pod_labels.items()
    assert pod_labels["team"] == "mail"


@pytest.mark.parametrize(("force", "argument"), [("false", []), ("true", ["--force"])])
def test_cleanup_arguments(render: Render, force: str, argument: list[str]) -> None:
    bodies = render(f"cleanup.force={force}", "cleanup.timeoutSeconds=120")
    before = only(bodies, "Job", f"{NAME}-pre-delete")
    assert containers(before)[0]["args"] == ["objects", *argument, "--timeout=120"]
    assert before["metadata"]["annotations"]["helm.sh/hook"] == "pre-delete"
    assert before["spec"]["activeDeadlineSeconds"] > 120


def containers(body: Body) -> list[Body]:
    return list(pod_spec(body).get("containers", []))


def pod_spec(body: Body) -> Body:
    spec: Body = body.get("spec", {}).get("template", {}).get("spec", {}) if isinstance(body.get("spec"), dict) else {}
    return spec


def volumes(body: Body, kind: str) -> list[Body]:
    return [volume for volume in pod_spec(body).get("volumes", []) if kind in volume]


def environment(body: Body) -> dict[str, Any]:
    return {entry["name"]: entry.get("value") for entry in containers(body)[0]["env"]}
