"""Idle memory of the relay pod's own programs, as proportional set size."""

import pytest

from e2e.stand.pods import RelayPod
from e2e.stand.pools import PoolPlan
from e2e.stand.stand import Stand

LIMITS_MIB = {"gate": 48, "agent": 80}


@pytest.mark.node_addresses
@pytest.mark.parametrize("container", LIMITS_MIB)
def test_idle_memory(stand: Stand, pool: PoolPlan, container: str) -> None:
    pods = [RelayPod(cluster=stand.cluster, namespace=pool.namespace, server=s.name) for s in pool.servers]
    sizes = [pod.memory(container) / 1024 for pod in pods]
    print(f"{container}: PSS {', '.join(f'{size:.1f}' for size in sizes)} MiB, limit {LIMITS_MIB[container]}")
    assert 0 < max(sizes) <= LIMITS_MIB[container]
