"""Operator and control plane stopped for five minutes, a relay's containers restarted meanwhile: mail flows on."""

import json
from datetime import UTC, datetime, timedelta
from http.client import TOO_MANY_REQUESTS

import pytest
from requests import HTTPError

from e2e.stand.kubectl import kubectl
from e2e.stand.operator import NAMESPACE, RELEASE
from e2e.stand.pods import CONTAINERS, RelayPod
from e2e.stand.pools import PoolPlan
from e2e.stand.sender import Sender
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import until

SECONDS = 300
OPEN_AT_THE_KILL = 2  # connections that the killed HAProxy carried: nothing can save those
PREFIX = "dark-"
CONTROLLERS = ("kube-controller-manager", "kube-scheduler")
# Prints the load's report from the client's file system, whichever process of the node has it.
READ_REPORT = (
    "for p in /proc/[0-9]*; do [ -f $p/root/tmp/dark.json ] && cat $p/root/tmp/dark.json && exit 0; done; true"
)


@pytest.mark.node_addresses
def test_mail_flows_without_the_control_plane(stand: Stand, pool: PoolPlan, sender: Sender) -> None:
    victim = RelayPod(cluster=stand.cluster, namespace=pool.namespace, server="backup")
    node, pids = victim.node, [str(pid) for container in CONTAINERS for pid in victim.processes(container)]
    home = kubectl("get", "pod", sender.name, "-n", sender.namespace, "-o", "jsonpath={.spec.nodeName}")
    start_load(sender, target(pool))
    kubectl("scale", "deployment", RELEASE, "-n", NAMESPACE, "--replicas=0")
    stand.cluster.stop_control_plane()
    try:
        stand.cluster.node_exec(node, "sh", "-c", f"kill -9 {' '.join(pids)} 2>/dev/null || true")
        text = until(
            lambda: stand.cluster.node_exec(home, "sh", "-c", READ_REPORT),
            what="the load's report", timeout=SECONDS + 60, interval=2,
        )  # fmt: skip
    finally:
        stand.cluster.start_control_plane()
        kubectl("scale", "deployment", RELEASE, "-n", NAMESPACE, "--replicas=1")
    report = json.loads(text)
    acks = set(sender.run("cat", "/tmp/dark.acks").split())
    until(lambda: not acks - set(stand.arrived(PREFIX)), what="all acknowledged mail at the sinks", timeout=120)
    refused, broken = report["errors"], sum(trouble["count"] for trouble in report["connection_errors"])
    print(f"attempted {report['attempted']}, acknowledged {len(acks)}, lost 0, refused {refused}, broken {broken}")
    assert (report["failed"], refused) == (0, [])
    assert broken <= OPEN_AT_THE_KILL
    assert len(acks) == report["attempted"]
    until(lambda: serves_our_kinds(stand, pool), what="the API server serves our kinds again", timeout=60)
    stand.in_traffic(pool)
    until(controllers_lead, what="scheduler and controllers lead again, for later tests", timeout=120, interval=1)


def serves_our_kinds(stand: Stand, pool: PoolPlan) -> bool:
    """It says 429 (storage is being initialized) for a moment, when it is ready otherwise."""
    try:
        return bool(stand.weights(pool.namespace))
    except HTTPError as error:
        if error.response is None or error.response.status_code != TOO_MANY_REQUESTS:
            raise
        return False


def controllers_lead() -> bool:
    """Each takes over when the lease of the one before it has run out."""
    leases = json.loads(kubectl("get", "lease", *CONTROLLERS, "-n", "kube-system", "-o", "json"))["items"]
    renewed = [datetime.fromisoformat(lease["spec"]["renewTime"]) for lease in leases]
    return all(datetime.now(UTC) - moment < timedelta(seconds=15) for moment in renewed)


def start_load(sender: Sender, where: str) -> None:
    """10 messages a second, detached from the API server; a retry is allowed, giving up is not."""
    load = f"smtpload {where} --prefix {PREFIX} --acks /tmp/dark.acks --rate 10/s --duration {SECONDS}s --retry 5"
    run = f"(nohup {load} > /tmp/part; mv /tmp/part /tmp/dark.json)"
    # The whole of it away from the exec's streams, which would stay open with it.
    sender.run("sh", "-c", f"rm -f /tmp/dark.*; {run} < /dev/null > /dev/null 2>&1 &")
