"""What each egress provider answers, and how a pod is pinned to a node."""

from typing import Any

import pytest

from smtppool.api.documents import EgressRule
from smtppool.api.smtpserver import Egress, EgressProviderName, Relay
from smtppool.render.egress.interface import Placement, PodNetwork
from smtppool.render.egress.placement import pinned_affinity
from smtppool.render.egress.table import EGRESS_PROVIDERS, egress_provider

ADDRESS, LOCAL, POD = "198.51.100.11", "10.9.0.11", "10.1.0.5"


def relay(provider: EgressProviderName, local: str | None = None) -> Relay:
    return Relay(hostname="mx.example.com", egress=Egress(address=ADDRESS, provider=provider, local_address=local))


def test_every_provider_of_the_api_is_there() -> None:
    assert set(EGRESS_PROVIDERS) == set(EgressProviderName)
    assert all(provider.name == name for name, provider in EGRESS_PROVIDERS.items())


@pytest.mark.parametrize(
    ("name", "placement", "network"),
    [
        (EgressProviderName.PREPROVISIONED, Placement.ANYWHERE, PodNetwork()),
        (EgressProviderName.NODE, Placement.WHERE_HELD, PodNetwork()),
        (
            EgressProviderName.HOST_NETWORK,
            Placement.WHERE_HELD_IF_KNOWN,
            PodNetwork(host_network=True, dns_policy="ClusterFirstWithHostNet", bind_address=ADDRESS),
        ),
    ],
)
def test_pod(name: EgressProviderName, placement: Placement, network: PodNetwork) -> None:
    stated = relay(name)
    provider = egress_provider(stated)
    assert provider.placement is placement
    assert provider.pod_network(stated.egress) == network


@pytest.mark.parametrize(
    ("name", "local", "held", "rule"),
    [
        (EgressProviderName.NODE, None, True, EgressRule(pod_address=POD, source=ADDRESS)),
        (EgressProviderName.NODE, LOCAL, True, EgressRule(pod_address=POD, source=LOCAL)),
        (EgressProviderName.NODE, None, False, EgressRule(pod_address=POD)),
        (EgressProviderName.PREPROVISIONED, None, True, None),
        (EgressProviderName.HOST_NETWORK, None, True, None),
    ],
)
def test_rule(name: EgressProviderName, local: str | None, held: bool, rule: EgressRule | None) -> None:
    stated = relay(name, local)
    assert egress_provider(stated).node_rule(stated.egress, pod_address=POD, held=held) == rule


BY_NAME = {"key": "metadata.name", "operator": "In", "values": ["node-a"]}
ZONE = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["b"]}]}
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


@pytest.mark.parametrize(
    ("affinity", "terms"),
    [
        ({}, [{"matchFields": [BY_NAME]}]),
        ({"nodeAffinity": None}, [{"matchFields": [BY_NAME]}]),
        ({"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [ZONE, ZONE]}}}, [ZONE | {"matchFields": [BY_NAME]}] * 2),
    ],
    ids=["none", "empty", "each term"],
)
def test_pinned_affinity(affinity: dict[str, Any], terms: list[dict[str, Any]]) -> None:
    pinned = pinned_affinity(affinity | {"podAntiAffinity": {"kept": True}}, node="node-a")
    assert pinned["nodeAffinity"][REQUIRED]["nodeSelectorTerms"] == terms
    assert pinned["podAntiAffinity"] == {"kept": True}
