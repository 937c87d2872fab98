"""Fixtures of the end-to-end tests: the running system, once, and a pool that many tests share.

With CLUSTER=current the tests that need addresses on nodes, or the nodes themselves, are left out and listed.
"""

from collections.abc import Callable, Iterator

import pytest

from e2e.cluster.api import Cluster
from e2e.stand.ground import ground
from e2e.stand.kubectl import kubectl
from e2e.stand.operator import Images
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.sender import Sender
from e2e.stand.stand import Stand

NODE_ADDRESSES = "node_addresses"
Cordon = Callable[[str], None]
LEFT_OUT = pytest.StashKey[list[str]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, not skip: a skipped test is a failure, and these cannot pass there."""
    if ground().node_addresses:
        return
    left_out = [item for item in items if item.get_closest_marker(NODE_ADDRESSES)]
    items[:] = [item for item in items if item not in left_out]
    config.stash[LEFT_OUT] = sorted(item.nodeid for item in left_out)
    config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name what was left out."""
    for name in config.stash.get(LEFT_OUT, []):
        terminalreporter.write_line(f"not run on this cluster: {name}")


@pytest.fixture(scope="session")
def stand() -> Iterator[Stand]:
    """Cluster and mailnet are up (`make cluster-up images`); the operator is installed or upgraded here."""
    system = Stand(cluster=Cluster.attach(), images=Images.of_this_tree())
    system.enter()
    system.mailnet.reset()
    system.install()
    yield system
    system.vacate()
    system.leave()


@pytest.fixture(scope="session")
def shared(stand: Stand) -> Iterator[PoolPlan]:
    """Three relays weighted 10/5/3; tests that change it change it back.

    What one test lets a provider answer must not count against the relays' health in the next one.
    """
    plan = PoolPlan(
        name="marketing",
        namespace="core",
        servers=(
            ServerPlan(name="primary", address="198.51.100.21", weight=10),
            ServerPlan(name="backup", address="198.51.100.22", weight=5),
            ServerPlan(name="overflow", address="198.51.100.23", weight=3),
        ),
        spec={"health": {"minSamples": 1000000}},
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
    """A namespace for one test, which goes afterwards."""
    name = request.node.name.removeprefix("test_").replace("_", "-").partition("[")[0][:40].strip("-")
    with stand.passing_namespace(name) as fresh:
        yield fresh


@pytest.fixture
def cordon() -> Iterator[Cordon]:
    """`kubectl cordon`; every node takes pods again afterwards."""
    cordoned: list[str] = []

    def take(node: str) -> None:
        cordoned.append(node)
        kubectl("cordon", node)

    yield take
    for node in cordoned:
        kubectl("uncordon", node)
