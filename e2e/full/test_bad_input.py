"""What is wrong is said within 30 s, in a condition that names it; traffic of the others goes on."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

import pytest

from e2e.stand.ground import SILENT, ground
from e2e.stand.kubectl import KubectlError, apply, patch
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.stand import Stand
from e2e.stand.waiting import equal, until

SOON = 30
WRONG = "192.0.2.66"
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


def says(stand: Stand, server: str, namespace: str, kind: str, *words: str) -> str:
    """`Status/Reason: message` of a condition if it is not True and has all these words."""
    condition = stand.server(server, namespace=namespace).condition(kind)
    if not condition or condition["status"] == "True":
        return ""
    text = f"{condition['status']}/{condition['reason']}: {condition['message']}"
    return text if all(word in text for word in words) else ""


def test_a_pool_that_does_not_exist(stand: Stand, namespace: str) -> None:
    lost = ServerPlan(name="lost", address="198.51.100.73")
    apply([lost.manifest(namespace=namespace, pool="nowhere")])
    words = ("False/PoolNotFound", f"{namespace}/nowhere")
    print(until(lambda: says(stand, "lost", namespace, "Accepted", *words), what="Accepted=False", timeout=SOON))


@pytest.mark.node_addresses
def test_a_node_without_the_address(stand: Stand, namespace: str) -> None:
    plan = PoolPlan(name="homeless", namespace=namespace, servers=(ServerPlan(name="far", address="198.51.100.74"),))
    apply(plan.manifests())
    words = ("False/NodeWithoutAddress", "198.51.100.74")
    print(until(lambda: says(stand, "far", namespace, "EgressVerified", *words), what="named", timeout=SOON))


def test_a_pod_that_no_node_takes(stand: Stand, namespace: str) -> None:
    plan = PoolPlan(
        name="choosy",
        namespace=namespace,
        servers=(ServerPlan(name="stuck", address="198.51.100.75", provider="preprovisioned"),),
        spec={"pod": {"nodeSelector": {"no-such": "node"}}},
    )
    apply(plan.manifests())
    words = ("False/Unschedulable", "node affinity/selector")
    print(until(lambda: says(stand, "stuck", namespace, "Ready", *words), what="named", timeout=SOON))


def test_a_storage_class_that_does_not_exist(stand: Stand, namespace: str) -> None:
    plan = PoolPlan(
        name="volumeless",
        namespace=namespace,
        servers=(ServerPlan(name="dry", address="198.51.100.76", provider="preprovisioned"),),
        spec={"queue": {"size": "1Gi", "storageClassName": "no-such-class"}},
    )
    apply(plan.manifests())
    print(until(lambda: says(stand, "dry", namespace, "Ready", "no-such-class"), what="named", timeout=SOON))


@contextmanager
def silent(stand: Stand, pool: PoolPlan) -> Iterator[None]:
    """The check asks an endpoint that never answers; what was verified before stays in traffic for its grace."""
    patch("smtppool", pool.name, {"spec": {"egressCheck": {"endpoint": SILENT}}}, namespace=pool.namespace)
    try:
        yield
        assert stand.weights(pool.namespace) == {server.name: server.weight for server in pool.servers}
    finally:
        stated = {"endpoint": ground().egress_check["endpoint"]}
        patch("smtppool", pool.name, {"spec": {"egressCheck": stated}}, namespace=pool.namespace)


@contextmanager
def shown_another(stand: Stand, pool: PoolPlan) -> Iterator[None]:
    """The check sees another address than the last member's."""
    stand.mailnet.echo({"address": WRONG, "sources": [pool.servers[-1].address]})
    try:
        yield
    finally:
        stand.mailnet.echo({})


class Check(NamedTuple):
    """What is wrong with an egress check, and what EgressVerified says of it."""

    fault: Callable[[Stand, PoolPlan], AbstractContextManager[None]]
    words: tuple[str, ...]


CHECKS = {
    "no-answer": Check(silent, ("Unknown/Unreachable", "the check fails", SILENT, "open until")),
    "another-address": Check(shown_another, ("False/Mismatch", f"would leave from {WRONG}")),
}


@pytest.mark.node_addresses
@pytest.mark.parametrize("case", CHECKS)
def test_an_egress_check(stand: Stand, pool: PoolPlan, case: str) -> None:
    check, last = CHECKS[case], pool.servers[-1].name

    def told() -> str:
        return says(stand, last, pool.namespace, "EgressVerified", *check.words)

    with check.fault(stand, pool):
        print(until(told, what=" ".join(check.words), timeout=SOON))
    good = dict.fromkeys(pool.addresses, "True/Verified")
    equal(lambda: verified(stand, pool), good, what="EgressVerified afterwards", timeout=SOON)
    stand.in_traffic(pool)


def verified(stand: Stand, pool: PoolPlan) -> dict[str, str]:
    """What EgressVerified says of each member."""
    return {name: stand.server(name, namespace=pool.namespace).says("EgressVerified") for name in pool.addresses}


def test_a_garbage_report(stand: Stand, pool: PoolPlan) -> None:
    """Written over the agent's: said, and weights stay; the agent's next report ends it."""
    before = stand.weights(pool.namespace)
    patch("configmap", "overflow-report", {"data": {"report.json": "\x00{]" * 1000}}, namespace=pool.namespace)
    until(lambda: said_invalid(stand, pool) or stand.weights(pool.namespace) != before, what="noticed", timeout=SOON)
    assert stand.weights(pool.namespace) == before


def said_invalid(stand: Stand, pool: PoolPlan) -> bool:
    conditions = stand.server("overflow", namespace=pool.namespace).obj["status"]["conditions"]
    return any("ReportInvalid" in c["reason"] for c in conditions)
