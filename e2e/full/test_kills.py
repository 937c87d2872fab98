"""kill -9 of everything during a send of 2,000 messages: no acknowledged message is lost."""

from collections.abc import Callable

import pytest

from e2e.stand import operator
from e2e.stand.kubectl import kubectl
from e2e.stand.pods import CONTAINERS, RelayPod
from e2e.stand.pools import PoolPlan
from e2e.stand.sender import Sender
from e2e.stand.shares import counted
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import until


def force_delete(pod: RelayPod) -> None:
    kubectl("delete", "pod", pod.name, "-n", pod.namespace, "--force", "--grace-period=0")


def lives(pod: RelayPod) -> tuple[object, ...]:
    """What is another one after any of the faults."""
    return (pod.uid, *operator.pods(), *(pod.container_id(container) for container in CONTAINERS))


FAULTS: dict[str, Callable[[RelayPod], None]] = {
    "postfix": lambda pod: pod.kill("postfix"),
    "gate": lambda pod: pod.kill("gate"),
    "agent": lambda pod: pod.kill("agent"),
    "haproxy": lambda pod: pod.kill("haproxy"),
    "all-containers": lambda pod: pod.kill(*CONTAINERS),
    "operator": lambda _: operator.kill(),
    "pod-force-deleted": force_delete,
}


@pytest.mark.node_addresses
@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_acknowledged_is_lost(stand: Stand, pool: PoolPlan, sender: Sender, fault: str) -> None:
    victim = RelayPod(cluster=stand.cluster, namespace=pool.namespace, server="primary")
    before = lives(victim)
    run = sender.start(target(pool), "-n", "2000", "-p", "10", "--rate", "150/s", "--retry", "8")
    until(lambda: len(stand.arrived(run.prefix)) > 300, what="mail flows", timeout=30)
    FAULTS[fault](victim)
    sent = run.result()
    stand.in_traffic(pool)
    until(lambda: lives(victim) != before, what="the fault hit", timeout=30)
    for server in pool.servers:  # what was deferred while a part was away need not wait for its backoff
        RelayPod(cluster=stand.cluster, namespace=pool.namespace, server=server.name).flush()
    duplicates = stand.all_arrive(sent, timeout=120)
    broken = sum(e["count"] for e in sent.report["connection_errors"])
    refused = sum(e["count"] for e in sent.report["errors"])
    print(
        f"{fault}: acknowledged {len(sent.acks)}, lost 0, duplicates {duplicates}, broken {broken}, refused {refused}"
    )
    assert set(counted(stand.mailnet, prefix=sent.prefix)) <= set(pool.shares)
