"""What is wrong is said within 30 s, in a condition that names it; traffic of the others goes on."""

from collections.abc import Mapping
from typing import Any

import pytest

from e2e.stand.kubectl import KubectlError, apply, patch
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.stand import Stand
from e2e.stand.waiting import until

SOON = 30
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "weight": ({"spec": {"weight": 300}}, "spec.weight"),
    "wrong type": ({"spec": {"weight": "many"}}, "spec.weight"),
    "unknown field": ({"spec": {"wieght": 1}}, "wieght"),
    "newline": ({"spec": {"relay": {"hostname": "a.example.com\nx = y"}}}, "spec.relay.hostname"),
    "quote": ({"spec": {"relay": {"hostname": 'a".example.com'}}}, "spec.relay.hostname"),
    "hash": ({"spec": {"relay": {"hostname": "a#.example.com"}}}, "spec.relay.hostname"),
    "dollar": ({"spec": {"relay": {"hostname": "${a}.example.com"}}}, "spec.relay.hostname"),
    "address": ({"spec": {"relay": {"egress": {"address": "198.51.100.99"}}}}, "immutable"),
    "pool": ({"spec": {"poolRef": {"name": "elsewhere"}}}, "immutable"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_api_server_refuses(pool: PoolPlan, case: str) -> None:
    change, named = REFUSED[case]
    with pytest.raises(KubectlError, match=named):
        apply([merged(pool.servers[0].manifest(namespace=pool.namespace, pool=pool.name), change)])


def merged(base: dict[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest with a change laid over it."""
    inner = {k: merged(base.get(k, {}), v) if isinstance(v, Mapping) else v for k, v in change.items()}
    return {**base, **inner}


def says(stand: Stand, server: str, namespace: str, kind: str, word: str) -> str:
    """The message of a condition if it is not True and has that word."""
    condition = stand.server(server, namespace=namespace).condition(kind)
    text = f"{condition.get('reason')}: {condition.get('message')}"
    return text if condition and condition["status"] != "True" and word in text else ""


def test_a_pool_that_does_not_exist(stand: Stand, namespace: str) -> None:
    lost = ServerPlan(name="lost", address="198.51.100.73")
    apply([lost.manifest(namespace=namespace, pool="nowhere")])
    print(until(lambda: says(stand, "lost", namespace, "Accepted", "nowhere"), what="Accepted=False", timeout=SOON))


@pytest.mark.node_addresses
def test_a_node_without_the_address(stand: Stand, namespace: str) -> None:
    plan = PoolPlan(name="homeless", namespace=namespace, servers=(ServerPlan(name="far", address="198.51.100.74"),))
    apply(plan.manifests())
    print(until(lambda: says(stand, "far", namespace, "EgressVerified", "198.51.100.74"), what="named", timeout=SOON))


def test_an_image_that_cannot_start(stand: Stand, namespace: str) -> None:
    plan = PoolPlan(
        name="broken",
        namespace=namespace,
        servers=(ServerPlan(name="stuck", address="198.51.100.75", provider="preprovisioned"),),
        spec={"pod": {"nodeSelector": {"no-such": "node"}}},
    )
    apply(plan.manifests())
    print(until(lambda: says(stand, "stuck", namespace, "Ready", "nschedulable"), what="named", timeout=SOON))


def test_a_storage_class_that_does_not_exist(stand: Stand, namespace: str) -> None:
    plan = PoolPlan(
        name="volumeless",
        namespace=namespace,
        servers=(ServerPlan(name="dry", address="198.51.100.76", provider="preprovisioned"),),
        spec={"queue": {"size": "1Gi", "storageClassName": "no-such-class"}},
    )
    apply(plan.manifests())
    print(until(lambda: says(stand, "dry", namespace, "Ready", "no-such-class"), what="named", timeout=SOON))


def test_a_garbage_report(stand: Stand, pool: PoolPlan) -> None:
    """Written over the agent's: said, and weights stay; the agent's next report ends it."""
    before = stand.weights(pool.namespace)
    patch("configmap", "overflow-report", {"data": {"report.json": "\x00{]" * 1000}}, namespace=pool.namespace)
    until(lambda: said_invalid(stand, pool) or stand.weights(pool.namespace) != before, what="noticed", timeout=SOON)
    assert stand.weights(pool.namespace) == before


def said_invalid(stand: Stand, pool: PoolPlan) -> bool:
    conditions = stand.server("overflow", namespace=pool.namespace).obj["status"]["conditions"]
    return any("ReportInvalid" in c["reason"] for c in conditions)
