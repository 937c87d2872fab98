"""Fixtures of the end-to-end tests: the running system, once, and a pool that many tests share."""

from collections.abc import Iterator

import pytest

from e2e.cluster.api import Cluster
from e2e.stand.operator import Images
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.sender import Sender
from e2e.stand.stand import Stand


@pytest.fixture(scope="session")
def stand() -> Stand:
    """Cluster and mailnet are up (`make cluster-up images`); the operator is installed or upgraded here."""
    system = Stand(cluster=Cluster.attach(), images=Images.of_this_tree())
    system.mailnet.reset()
    system.install()
    return system


@pytest.fixture(scope="session")
def shared(stand: Stand) -> Iterator[PoolPlan]:
    """Three relays weighted 10/5/3; tests that change it change it back."""
    plan = PoolPlan(
        name="marketing",
        namespace="core",
        servers=(
            ServerPlan(name="primary", address="198.51.100.21", weight=10),
            ServerPlan(name="backup", address="198.51.100.22", weight=5),
            ServerPlan(name="overflow", address="198.51.100.23", weight=3),
        ),
    )
    with stand.namespace(plan.namespace):
        stand.create(plan)
        yield plan


@pytest.fixture
def pool(stand: Stand, shared: PoolPlan) -> PoolPlan:
    """The shared pool with its stated weights in force."""
    stand.in_traffic(shared)
    return shared


@pytest.fixture(scope="session")
def sender(stand: Stand, shared: PoolPlan) -> Sender:
    """A client pod beside the shared pool."""
    return stand.sender(shared.namespace)


@pytest.fixture
def namespace(stand: Stand, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace for one test, gone afterwards."""
    name = request.node.name.removeprefix("test_").replace("_", "-").partition("[")[0][:40].strip("-")
    with stand.namespace(name) as fresh:
        yield fresh
