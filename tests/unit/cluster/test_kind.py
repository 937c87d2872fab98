"""kind's configuration: a stock machine gets none of the deviations, a restricted one exactly those it needs."""

import json
from dataclasses import replace

from e2e.cluster.kind import Plan, configuration

STOCK = Plan(name="t", workers=1, image="", bring_network=False, cgroup_v1=False, keep_oom_score=False)


ETCD = "ClusterConfiguration"  # once for each version of kubeadm's API


def patches(plan: Plan) -> list[str]:
    return [json.loads(patch)["kind"] for patch in configuration(plan)["kubeadmConfigPatches"]]


def test_etcd_does_not_wait_for_the_disk_in_either_version_of_kubeadm() -> None:
    found = [json.loads(patch) for patch in configuration(STOCK)["kubeadmConfigPatches"]]
    arguments = {one["apiVersion"]: one["etcd"]["local"]["extraArgs"] for one in found if one["kind"] == ETCD}
    assert arguments == {
        "kubeadm.k8s.io/v1beta3": {"unsafe-no-fsync": "true"},
        "kubeadm.k8s.io/v1beta4": [{"name": "unsafe-no-fsync", "value": "true"}],
    }


def test_nodes() -> None:
    roles = [node["role"] for node in configuration(replace(STOCK, workers=2))["nodes"]]
    assert roles == ["control-plane", "worker", "worker"]


def test_stock_machine_gets_only_the_untainted_control_plane() -> None:
    content = configuration(STOCK)
    assert patches(STOCK) == [ETCD, ETCD, "InitConfiguration"]
    assert not content["networking"]["disableDefaultCNI"]
    assert "containerdConfigPatches" not in content


def test_a_single_node_is_left_to_kind() -> None:
    assert patches(replace(STOCK, workers=0)) == [ETCD, ETCD]


def test_restricted_machine() -> None:
    plan = replace(STOCK, bring_network=True, cgroup_v1=True, keep_oom_score=True)
    content = configuration(plan)
    assert patches(plan) == [ETCD, ETCD, "InitConfiguration", "KubeletConfiguration"]
    assert content["networking"]["disableDefaultCNI"]
    assert "restrict_oom_score_adj = true" in content["containerdConfigPatches"][0]
