"""CLUSTER=current: a cluster that is not ours is never taken for one whose nodes we may touch."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.cluster.current import (
    CurrentCluster,
    NoNodeAccessError,
    UnknownPodNetworkError,
    check_pod_address,
    pod_network,
)
from e2e.cluster.engine import UserDocker
from e2e.cluster.nodes import Nodes
from e2e.cluster.settings import REPOSITORY, Settings, SettingsError, from_environment
from e2e.cluster.sources import repository
from e2e.cluster.stores import LayoutStore
from e2e.mailnet.client import Counts, Mailnet, Selection
from e2e.mailnet.events import Event, Outcome
from e2e.stand import ground as grounds
from e2e.stand.ground import Ground, MailnetByName
from e2e.stand.pools import PoolPlan, ServerPlan
from hack.suites import chosen

ELSEWHERE = Ground(node_addresses=False, client_network="10.0.0.0/8", egress_check={"mode": "Off"})
FAULTS = {
    "node_exec",
    "egress_add",
    "egress_del",
    "stop_node",
    "start_node",
    "stop_control_plane",
    "start_control_plane",
}


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CurrentCluster:
    """A cluster of somebody's; the programs need not be there."""
    monkeypatch.setattr("e2e.cluster.programs.bin_directory", lambda *_: tmp_path)
    return CurrentCluster.of_context(from_environment({"HOME": "/h", "CLUSTER": "current"}))


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_nodes_are_refused(cluster: CurrentCluster, fault: str) -> None:
    words = {"egress_add": 2, "egress_del": 2, "stop_control_plane": 0, "start_control_plane": 0}.get(fault, 1)
    with pytest.raises(NoNodeAccessError, match="CLUSTER=current"):
        getattr(cluster, fault)(*["x"] * words)
    assert not cluster.has_node_access


@pytest.mark.parametrize("named", ["one:two", "/no/such/kubeconfig"])
def test_kubeconfig_is_one_file_that_exists(
    cluster: CurrentCluster, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv("KUBECONFIG", named)
    with pytest.raises(SettingsError, match="KUBECONFIG"):
        _ = cluster.kubeconfig


def test_pod_network() -> None:
    assert pod_network({}) == "10.0.0.0/8"
    assert pod_network({"SMTPPOOL_POD_NETWORK": "100.64.0.0/10"}) == "100.64.0.0/10"
    with pytest.raises(SettingsError, match="SMTPPOOL_POD_NETWORK"):
        pod_network({"SMTPPOOL_POD_NETWORK": "100.64.0.1/10"})
    check_pod_address("10.1.2.3", "10.0.0.0/8")
    with pytest.raises(UnknownPodNetworkError, match=r"172\.17\.0\.2(?s:.*)SMTPPOOL_POD_NETWORK"):
        check_pod_address("172.17.0.2", "10.0.0.0/8")


def test_images_are_named_after_the_registry_on_a_cluster_of_the_users_alone() -> None:
    named = {"SMTPPOOL_REGISTRY": "registry.example.com/team"}
    assert repository(named) == "smtppool"
    assert repository(named | {"CLUSTER": "current"}) == "registry.example.com/team"
    assert repository({"CLUSTER": "current"}) == "smtppool"


def test_an_image_is_built_once_for_every_registry(tmp_path: Path) -> None:
    settings = Settings(prefix="x", cache=tmp_path)
    engine = UserDocker({})
    store = LayoutStore(engine=engine, nodes=Nodes(engine=engine, control_plane="x"), settings=settings)
    (settings.cache / "images" / "relay-0123").mkdir(parents=True)
    for registry in ("smtppool", "registry.example.com:5000/team"):
        assert store.has(f"{registry}/relay:0123")


@pytest.mark.parametrize("name", ["core", "contract", "chart", "golden"])
def test_other_suites_are_refused_there(name: str) -> None:
    with pytest.raises(ValueError, match=f"make e2e.*unset CLUSTER to run {name}"):
        chosen(["unit", name], cluster="current")


def test_the_one_suite_there_is_both_end_to_end_suites() -> None:
    assert chosen(["full"], cluster="current")["full"].paths == ("e2e/core", "e2e/full")
    assert chosen(["full"], cluster="")["full"].paths == ("e2e/full",)


def test_a_pool_states_what_it_needs_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("e2e.stand.pools.ground", lambda: ELSEWHERE)
    monkeypatch.setattr(grounds, "mailnet_service", lambda: "10.96.0.7")
    servers = (ServerPlan(name="primary", address="198.51.100.21", provider="node"),)
    plan = PoolPlan(name="p", namespace="n", servers=servers, spec={"pod": {"nodeSelector": {"zone": "a"}}})
    pool, server = (manifest["spec"] for manifest in plan.manifests())
    assert pool["pod"] == {"dnsConfig": {"nameservers": ["10.96.0.7"]}, "nodeSelector": {"zone": "a"}}
    assert pool["egressCheck"] == {"mode": "Off"}
    assert server["relay"] == {
        "hostname": "mx21.example.com",
        "egress": {"address": "198.51.100.21", "provider": "preprovisioned"},
    }


def test_sinks_tell_relays_apart_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    groups: dict[tuple[str, ...], int] = {
        ("mx21.example.com", "google"): 2,
        ("mx21.example.com", "yahoo"): 1,
        ("elsewhere.example", "google"): 1,
    }
    record = MailnetByName(lambda _: "")
    monkeypatch.setattr(record, "counts", lambda *_: Counts(groups=groups, total=4, distinct=4))
    assert record.counts_by_source_and_provider(Selection()) == {
        "198.51.100.21": {"google": 2, "yahoo": 1},
        "elsewhere.example": {"google": 1},
    }
    event = Event(
        0, 0.0, 0.0, "google", "10.1.2.3", 1, "mx21.example.com", "", "", "", Outcome.ACCEPTED, "", 0, tls=True
    )
    assert record.origin(event) == "198.51.100.21"
    assert record.origin(event._replace(helo="elsewhere.example")) == "elsewhere.example"
    assert Mailnet(lambda _: "").origin(event) == "10.1.2.3"


def test_a_test_that_touches_nodes_carries_the_marker() -> None:
    """What such a test meets on a cluster of the user's is an error; `node_addresses` leaves it out there."""
    assert [name for name, marked in found_touching_nodes() if not marked] == []
    assert [name for name, _ in found_touching_nodes()], "the search finds none: is it still right?"


def found_touching_nodes() -> Iterator[tuple[str, bool]]:
    """Test functions of the end-to-end suites that call for a fault or script the echo, and whether they are marked."""
    for file in sorted(path for suite in ("core", "full") for path in (REPOSITORY / "e2e" / suite).glob("test_*.py")):
        tree = ast.parse(file.read_text())
        of_module = any("pytestmark" in ast.unparse(node) and marks(node) for node in tree.body)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and touches(node):
                yield f"{file.name}::{node.name}", of_module or any(marks(d) for d in node.decorator_list)


def marks(node: ast.AST) -> bool:
    return "mark.node_addresses" in ast.unparse(node)


def touches(test: ast.FunctionDef) -> bool:
    called = {node.attr for node in ast.walk(test) if isinstance(node, ast.Attribute)}
    return bool(called & {*FAULTS, "echo", "processes", "on_node", "memory"})
