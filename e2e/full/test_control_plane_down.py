"""Operator and control plane stopped for five minutes, a relay's containers restarted meanwhile: mail flows on."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import TOO_MANY_REQUESTS

import pytest
from requests import HTTPError

from e2e.stand import operator
from e2e.stand.kubectl import KubectlError, kubectl
from e2e.stand.operator import NAMESPACE, RELEASE
from e2e.stand.pods import CONTAINERS, OnNode, Process, RelayPod
from e2e.stand.pools import PoolPlan
from e2e.stand.sender import Sender
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import until

SECONDS = 300  # from the end of the control plane's stop to the begin of its start
STOPPING = 30  # what the stop of the API server takes: the load begins before it
LOAD = STOPPING + SECONDS
PREFIX = "dark-"
CONTROLLERS = ("kube-controller-manager", "kube-scheduler")
# Prints the load's report from the client's file system, whichever process of the node has it.
READ_REPORT = (
    "for p in /proc/[0-9]*; do [ -f $p/root/tmp/dark.json ] && cat $p/root/tmp/dark.json && exit 0; done; true"
)


@pytest.mark.node_addresses
@pytest.mark.timeout(900)
def test_mail_flows_without_the_control_plane(stand: Stand, pool: PoolPlan, sender: Sender) -> None:
    victim = RelayPod(cluster=stand.cluster, namespace=pool.namespace, server="backup").on_node()
    home = kubectl("get", "pod", sender.name, "-n", sender.namespace, "-o", "jsonpath={.spec.nodeName}")
    assert {process.container for process in victim.running()} == set(CONTAINERS)
    start_load(sender, target(pool))
    with operator_stopped(), control_plane_stopped(stand):
        killed, back = restart_containers(victim)
        text = until(
            lambda: stand.cluster.node_exec(home, "sh", "-c", READ_REPORT),
            what="the load's report", timeout=LOAD + 60, interval=2,
        )  # fmt: skip
    report = json.loads(text)
    acks = set(sender.run("cat", "/tmp/dark.acks").split())
    until(lambda: not acks - set(stand.arrived(PREFIX)), what="all acknowledged mail at the sinks", timeout=120)
    refused, broken = report["errors"], report["connection_errors"]
    print(f"attempted {report['attempted']}, acknowledged {len(acks)}, lost 0, refused {refused}")
    count = sum(trouble["count"] for trouble in broken)
    print(f"broken {count}, containers back after {back - killed:.1f} s: {broken}")
    assert (report["failed"], refused) == (0, [])
    # Nobody can take a dead pod out of the Service then; it answers again as soon as its containers run.
    assert [trouble for trouble in broken if not killed <= trouble["first"] <= trouble["last"] <= back] == []
    assert len(acks) == report["attempted"]
    until(lambda: serves_our_kinds(stand, pool), what="the API server serves our kinds again", timeout=60)
    stand.in_traffic(pool)
    until(controllers_lead, what="scheduler and controllers lead again, for later tests", timeout=120, interval=1)
    with a_new_service(pool.namespace) as name:
        until(lambda: resolves(sender, name), what="the cluster's DNS follows again, for later tests", timeout=120)


@contextmanager
def operator_stopped() -> Iterator[None]:
    """No pod of it is left meanwhile."""
    kubectl("scale", "deployment", RELEASE, "-n", NAMESPACE, "--replicas=0")
    try:
        until(lambda: not operator.pods(), what="no pod of the operator is left", timeout=60)
        yield
    finally:
        kubectl("scale", "deployment", RELEASE, "-n", NAMESPACE, "--replicas=1")


@contextmanager
def control_plane_stopped(stand: Stand) -> Iterator[None]:
    """For SECONDS at least, however soon the block ends."""
    asked = time.monotonic()
    try:
        stand.cluster.stop_control_plane()
        stopped = time.monotonic()
        yield
        time.sleep(max(0.0, stopped + SECONDS - time.monotonic()))
        assert not stand.cluster.node_set.api_answers(), "the API server came back by itself"
        print(f"control plane stopped in {stopped - asked:.1f} s, then away for {time.monotonic() - stopped:.1f} s")
    finally:
        stand.cluster.start_control_plane()


def restart_containers(victim: OnNode) -> tuple[float, float]:
    """kill -9 of all of them at once: the kubelet alone has to start each again. When that was, and when they ran."""
    before, killed = victim.running(), time.time()
    victim.kill(*CONTAINERS)
    after = until(lambda: successors(victim, before), what="each container runs anew", timeout=90, interval=0.5)
    for name in CONTAINERS:
        old, new = (next(one for one in processes if one.container == name) for processes in (before, after))
        print(f"{name}: {old.container_id[:12]} (pid {old.pid}) -> {new.container_id[:12]} (pid {new.pid})")
    return killed, time.time()


def successors(victim: OnNode, before: list[Process]) -> list[Process]:
    """The processes of the pod, once each container has some and none is of a container of before."""
    now = victim.running()
    old = {process.container_id for process in before}
    complete = {process.container for process in now} == set(CONTAINERS)
    return now if complete and not any(process.container_id in old for process in now) else []


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


@contextmanager
def a_new_service(namespace: str) -> Iterator[str]:
    """Its name in the DNS."""
    kubectl("create", "service", "clusterip", "new", "--tcp=25:25", "-n", namespace)
    yield f"new.{namespace}.svc.cluster.local"
    kubectl("delete", "service", "new", "-n", namespace)


def resolves(sender: Sender, name: str) -> bool:
    """`getent` fails for a name that it does not find."""
    try:
        return bool(sender.run("getent", "hosts", name))
    except KubectlError:
        return False


def start_load(sender: Sender, where: str) -> None:
    """10 messages a second, detached from the API server; a retry is allowed, giving up is not."""
    load = f"smtpload {where} --prefix {PREFIX} --acks /tmp/dark.acks --rate 10/s --duration {LOAD}s --retry 5"
    run = f"(nohup {load} > /tmp/part; mv /tmp/part /tmp/dark.json)"
    # The whole of it away from the exec's streams, which would stay open with it.
    sender.run("sh", "-c", f"rm -f /tmp/dark.*; {run} < /dev/null > /dev/null 2>&1 &")
