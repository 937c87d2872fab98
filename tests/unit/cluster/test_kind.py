"""kind's configuration: a stock machine gets none of the deviations, a restricted one exactly those it needs."""

import json
from dataclasses import replace

from e2e.cluster.kind import Plan, configuration

STOCK = Plan(name="t", workers=1, image="", bring_network=False, cgroup_v1=False, keep_oom_score=False)


def patches(plan: Plan) -> list[str]:
    return [json.loads(patch)["kind"] for patch in configuration(plan)["kubeadmConfigPatches"]]


def test_nodes() -> None:
    roles = [node["role"] for node in configuration(replace(STOCK, workers=2))["nodes"]]
    assert roles == ["control-plane", "worker", "worker"]


def test_stock_machine_gets_only_the_untainted_control_plane() -> None:
    content = configuration(STOCK)
    assert patches(STOCK) == ["InitConfiguration"]
    assert not content["networking"]["disableDefaultCNI"]
    assert "containerdConfigPatches" not in content


def test_a_single_node_is_left_to_kind() -> None:
    assert patches(replace(STOCK, workers=0)) == []


def test_restricted_machine() -> None:
    plan = replace(STOCK, bring_network=True, cgroup_v1=True, keep_oom_score=True)
    content = configuration(plan)
    assert patches(plan) == ["InitConfiguration", "KubeletConfiguration"]
    assert content["networking"]["disableDefaultCNI"]
    assert "restrict_oom_score_adj = true" in content["containerdConfigPatches"][0]
