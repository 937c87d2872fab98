"""Which source address the internet sees, case by case."""

import pytest

from smtppool.api.documents import EgressRule, NodeEgress
from smtppool.render.egress.nftables import effective_rules
from tests.contract.node.conftest import Scene
from tests.contract.node.netns import EGRESS, NODE, OTHER_EGRESS, PEER, POD, POD_NETWORK, PROVIDER
from tests.contract.node.programs import internet, visitor
from tests.contract.node.stdio_bus import NODE_NAME

TRANSLATED = EgressRule(pod_address=POD, source=EGRESS)
HELD_BACK = EgressRule(pod_address=POD)


def order(*rules: EgressRule, wanted: tuple[str, ...] = ()) -> NodeEgress:
    return NodeEgress(node=NODE_NAME, rules=rules, cluster_networks=(POD_NETWORK,), wanted=wanted)


def applied(scene: Scene, *rules: EgressRule) -> None:
    scene.program.order(order(*rules))
    scene.program.report(where=lambda report: report.applied == rules and report.error is None)


@pytest.mark.parametrize(
    ("rules", "port", "seen"),
    [
        ((TRANSLATED,), 25, EGRESS),
        ((TRANSLATED,), 80, EGRESS),
        ((HELD_BACK,), 25, "failed timed out"),
        ((HELD_BACK,), 80, NODE),
        ((TRANSLATED, EgressRule(pod_address=POD, source=OTHER_EGRESS)), 25, "failed timed out"),
    ],
    ids=[
        "entry",
        "entry, other port",
        "relay without entry",
        "relay without entry, other port",
        "two entries that disagree",
    ],
)
def test_source_address(scene: Scene, rules: tuple[EgressRule, ...], port: int, seen: str) -> None:
    scene.program.order(order(*rules))
    scene.program.report(where=lambda report: report.applied == effective_rules(rules) and report.error is None)
    assert scene.pod.ask(f"{PROVIDER} {port} 1.5") == seen


def test_traffic_inside_the_cluster_keeps_its_address(scene: Scene) -> None:
    applied(scene, TRANSLATED)
    with internet(scene.network.peer, 25):
        assert scene.pod.ask(f"{PEER} 25 2") == POD


def test_changed_source_cuts_flows_of_the_old_one(scene: Scene) -> None:
    applied(scene, TRANSLATED)
    assert scene.pod.ask(f"hold {PROVIDER} 25") == EGRESS
    assert scene.pod.ask("say") == "echoed"
    applied(scene, EgressRule(pod_address=POD, source=OTHER_EGRESS))
    assert scene.pod.ask("say").startswith("failed")
    assert scene.pod.ask(f"{PROVIDER} 25 2") == OTHER_EGRESS


def test_unchanged_rule_keeps_its_flows(scene: Scene) -> None:
    applied(scene, TRANSLATED)
    assert scene.pod.ask(f"hold {PROVIDER} 25") == EGRESS
    applied(scene, TRANSLATED, EgressRule(pod_address=PEER, source=OTHER_EGRESS))
    assert scene.pod.ask("say") == "echoed"
    with visitor(scene.network.peer) as peer:
        assert peer.ask(f"{PROVIDER} 25 2") == OTHER_EGRESS


def test_a_pod_that_is_no_relay_is_nobodys_business(own_scene: Scene) -> None:
    applied(own_scene, EgressRule(pod_address=PEER, source=EGRESS))
    assert own_scene.pod.ask(f"{PROVIDER} 25 1.5") == NODE


def test_a_relay_that_the_order_names_no_longer_is_shut(own_scene: Scene) -> None:
    """Deleted by force it is gone from the API before it is dead: it must not go on from the node's own address."""
    applied(own_scene, TRANSLATED)
    assert own_scene.pod.ask(f"hold {PROVIDER} 25") == EGRESS
    applied(own_scene)
    assert own_scene.pod.ask("say").startswith("failed")
    assert own_scene.pod.ask(f"{PROVIDER} 25 1.5") == "failed timed out"
    assert own_scene.pod.ask(f"{PROVIDER} 80 1.5") == NODE


def test_flow_older_than_its_rule_is_cut(own_scene: Scene) -> None:
    scene = own_scene
    applied(scene)
    assert scene.pod.ask(f"hold {PROVIDER} 25") == NODE  # not yet known as a relay
    applied(scene, TRANSLATED)
    assert scene.pod.ask("say").startswith("failed")
    assert scene.pod.ask(f"{PROVIDER} 25 2") == EGRESS
