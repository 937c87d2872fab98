"""The pod: rights, what the user may add, and where it may run."""

from typing import Any

import pytest

from smtppool.api import names
from smtppool.render.containers import CAPABILITIES
from smtppool.render.identity import Manifest
from smtppool.render.podtemplate import template
from tests.unit.render.subjects import IMAGE, pool, relay, scenes, smarthost

PODS = {
    scene: manifests[-1]["spec"]["template"]
    for scene, manifests in scenes().items()
    if manifests[-1]["kind"] == "StatefulSet"
}


def containers(pod: Manifest) -> dict[str, Manifest]:
    return {container["name"]: container for container in pod["spec"]["initContainers"] + pod["spec"]["containers"]}


def pod_of(*, node: str | None = None, **settings: Any) -> Manifest:
    spec: Manifest = template(relay(), pool(pod=settings), image=IMAGE, node=node, config_hash="0")["spec"]
    return spec


@pytest.mark.parametrize("scene", PODS)
def test_rights(scene: str) -> None:
    pod = PODS[scene]
    assert "securityContext" not in pod["spec"], "an fsGroup breaks the groups of Postfix's directories"
    assert pod["spec"]["automountServiceAccountToken"] is False
    for name, container in containers(pod).items():
        rights = container["securityContext"]
        assert rights["allowPrivilegeEscalation"] is False
        assert rights["readOnlyRootFilesystem"] is True
        assert rights["seccompProfile"] == {"type": "RuntimeDefault"}
        assert rights["capabilities"]["drop"] == ["ALL"]
        assert rights.get("runAsNonRoot", False) == (name != "postfix")
        assert rights["capabilities"].get("add", []) == (list(CAPABILITIES) if name == "postfix" else [])


@pytest.mark.parametrize("scene", PODS)
def test_only_the_agent_has_a_token(scene: str) -> None:
    mounting = [
        name
        for name, container in containers(PODS[scene]).items()
        if any(mount["name"] == "token" for mount in container["volumeMounts"])
    ]
    assert mounting == ["agent"]


@pytest.mark.parametrize("scene", PODS)
def test_every_mount_has_a_volume_and_the_reverse(scene: str) -> None:
    pod = PODS[scene]
    mounted = {mount["name"] for container in containers(pod).values() for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["spec"]["volumes"]}


def test_sidecars_start_one_after_the_other() -> None:
    sidecars = PODS["relay"]["spec"]["initContainers"]
    assert [sidecar["name"] for sidecar in sidecars] == ["gate", "haproxy", "agent"]
    assert all(sidecar["restartPolicy"] == "Always" and "startupProbe" in sidecar for sidecar in sidecars)


def test_only_postfix_sees_credentials() -> None:
    having = [
        name
        for name, container in containers(PODS["smarthost"]).items()
        if any(mount["name"] == "credentials" for mount in container["volumeMounts"])
    ]
    assert having == ["postfix"]
    without = template(smarthost(), pool(), image=IMAGE, node=None, config_hash="0")
    assert "credentials" not in str(without["spec"]["volumes"])


def test_the_user_adds_but_does_not_override() -> None:
    metadata = PODS["relay-every-knob"]["metadata"]
    assert metadata["labels"]["team"] == "mail"
    assert metadata["labels"][names.SERVER] == "mx11"
    assert names.ENTRY not in metadata["labels"]
    assert metadata["annotations"]["example.com/note"] == "hello"
    assert metadata["annotations"][names.OWNER_UID] == "server-uid"


def test_resources_are_replaced_for_one_container_only() -> None:
    by_name = containers(PODS["relay-every-knob"])
    assert by_name["postfix"]["resources"] == {"requests": {"cpu": "0.5", "memory": "1Gi"}}
    assert by_name["agent"]["resources"] == containers(PODS["relay"])["agent"]["resources"]


def test_relays_keep_apart_unless_the_user_says_how() -> None:
    ours = pod_of()["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"][0]
    assert ours["podAffinityTerm"]["topologyKey"] == "kubernetes.io/hostname"
    assert pod_of(affinity={"podAntiAffinity": {}})["affinity"]["podAntiAffinity"] == {}


def test_the_node_of_the_address_is_one_more_requirement() -> None:
    required = PODS["relay-every-knob"]["spec"]["affinity"]["nodeAffinity"]
    assert required["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"] == [
        {
            "matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}],
            "matchFields": [{"key": "metadata.name", "operator": "In", "values": ["worker-1"]}],
        }
    ]


@pytest.mark.parametrize(
    ("dns", "policy", "config"),
    [
        (None, "ClusterFirst", None),
        ({"nameservers": ["192.0.2.53"]}, "None", {"nameservers": ["192.0.2.53"]}),
        ({"searches": ["example.com"]}, "ClusterFirst", {"searches": ["example.com"]}),
    ],
)
def test_resolvers(dns: dict[str, Any] | None, policy: str, config: dict[str, Any] | None) -> None:
    pod = pod_of(dnsConfig=dns)
    assert (pod["dnsPolicy"], pod.get("dnsConfig")) == (policy, config)


def test_host_network() -> None:
    pod = PODS["relay-host-network"]["spec"]
    assert (pod["hostNetwork"], pod["dnsPolicy"]) == (True, "ClusterFirstWithHostNet")
    assert "hostNetwork" not in PODS["relay"]["spec"]
