"""The pod network and the cluster's DNS: what each node is told."""

import pytest

from e2e.cluster.coredns import UnknownCorefileError, forwarding
from e2e.cluster.network import MASQUERADE, bridge, routes
from e2e.cluster.nodes import Node

NODES = [
    Node(name="a", address="172.18.0.2", pod_range="10.244.0.0/24", ready=False),
    Node(name="b", address="172.18.0.3", pod_range="10.244.1.0/24", ready=False),
    Node(name="c", address="172.18.0.4", pod_range="10.244.2.0/24", ready=False),
]
COREFILE = ".:53 {\n    errors\n    forward . /etc/resolv.conf {\n       max_concurrent 1000\n    }\n    cache 30\n}\n"


def test_routes_lead_to_the_others() -> None:
    assert routes(NODES[1], NODES) == (
        "route replace 10.244.0.0/24 via 172.18.0.2\nroute replace 10.244.2.0/24 via 172.18.0.4\n"
    )


def test_bridge_hands_out_the_nodes_range_and_leaves_masquerade_to_one_rule() -> None:
    link = bridge("10.244.1.0/24")["plugins"][0]  # type: ignore[index]
    assert link["ipam"]["ranges"] == [[{"subnet": "10.244.1.0/24"}]]
    assert link["ipMasq"] is False


def test_masquerade_leaves_room_for_egress_rules_before_it() -> None:
    assert "priority 100;" in MASQUERADE


def test_forwarding_changes_the_upstream_and_nothing_else() -> None:
    assert forwarding(COREFILE, "203.0.113.53") == COREFILE.replace("/etc/resolv.conf", "203.0.113.53")


def test_forwarding_twice_is_the_same() -> None:
    once = forwarding(COREFILE, "203.0.113.53")
    assert forwarding(once, "203.0.113.53") == once


def test_a_corefile_without_upstream_is_not_guessed_at() -> None:
    with pytest.raises(UnknownCorefileError):
        forwarding(".:53 {\n    errors\n}\n", "203.0.113.53")
