"""Lanes follow the observed source address: a mismatch closes them and keeps the mail, the truth opens them again."""

import pytest

from e2e.stand.kubectl import kubectl
from e2e.stand.pools import PoolPlan
from e2e.stand.sender import Sender
from e2e.stand.shares import counted
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import equal, until


@pytest.mark.node_addresses
def test_a_wrong_source_address_closes_the_relay_and_keeps_its_mail(
    stand: Stand, pool: PoolPlan, sender: Sender
) -> None:
    wrong = pool.servers[0]
    sent = sender.send(target(pool), "-n", "36")
    stand.all_arrive(sent)
    stand.mailnet.echo({"address": "192.0.2.66", "sources": [wrong.address]})
    try:
        equal(lambda: stand.weights(pool.namespace)[wrong.name], 0, what="weight of the mismatched relay", timeout=30)
        server = stand.server(wrong.name, namespace=pool.namespace)
        assert server.says("EgressVerified") == "False/Mismatch"
        assert "192.0.2.66" in server.condition("EgressVerified")["message"]
        sent = sender.send(target(pool), "-n", "80")
        stand.all_arrive(sent)
        assert wrong.address not in counted(stand.mailnet, prefix=sent.prefix)
    finally:
        stand.mailnet.echo({})
    stand.in_traffic(pool)


@pytest.mark.node_addresses
def test_an_edited_snat_table_is_repaired(stand: Stand, pool: PoolPlan) -> None:
    """The node program notices that its table was deleted by hand."""
    pod = kubectl(
        "get", "pod", "primary-relay-0", "-n", pool.namespace, "-o", "jsonpath={.spec.nodeName} {.status.podIP}"
    )
    node, address = pod.split()
    stand.cluster.node_exec(node, "nft", "delete", "table", "ip", "smtppool")
    until(
        lambda: address in stand.cluster.node_exec(node, "sh", "-c", "nft list table ip smtppool 2>&1 || true"),
        what="the relay's address in the node's table", timeout=15,
    )  # fmt: skip


@pytest.mark.node_addresses
@pytest.mark.usefixtures("pool")
def test_other_programs_of_the_node_still_read_the_ruleset(stand: Stand) -> None:
    """The node's own nft, and kube-proxy's, may be older than ours: both must survive our table."""
    for node in stand.cluster.nodes():
        assert "table ip smtppool" in stand.cluster.node_exec(node.name, "nft", "list", "tables")
    logs = kubectl("logs", "-n", "kube-system", "-l", "k8s-app=kube-proxy", "--since=60s")
    assert "Sync failed" not in logs
