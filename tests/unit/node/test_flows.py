"""Which flows are stale, from what conntrack prints."""

import pytest

from smtppool.api.documents import EgressRule
from smtppool.node.flows import Flow, changed_pods, stale_flows

POD, OLD, NEW, NODE, PEER = "10.1.0.5", "198.51.100.11", "198.51.100.12", "192.0.2.1", "203.0.113.5"


def line(
    *, destination: str = PEER, peer: str = PEER, translated: str, protocol: str = "tcp      6 431999 ESTABLISHED"
) -> str:
    return (
        f"{protocol} src={POD} dst={destination} sport=40000 dport=25 "
        f"src={peer} dst={translated} sport=25 dport=40000 [ASSURED] mark=0 use=1"
    )


@pytest.mark.parametrize(
    ("text", "source", "stale"),
    [
        (line(translated=OLD), NEW, {Flow(POD, PEER, OLD)}),
        (line(translated=NEW), NEW, set()),
        (line(translated=NODE), NEW, {Flow(POD, PEER, NODE)}),
        (line(translated=OLD), None, {Flow(POD, PEER, OLD)}),
        (line(peer="10.9.9.9", destination="10.96.0.1", translated=POD), NEW, set()),
        (line(peer="10.9.9.9", destination="203.0.113.9", translated=NODE), NEW, set()),
        (line(translated=OLD, protocol="udp      17 29"), NEW, {Flow(POD, PEER, OLD)}),
        ("conntrack v1.4.7 (conntrack-tools): 0 flow entries have been shown.", NEW, set()),
        (line(translated=OLD).replace(POD, "10.1.0.50"), NEW, set()),
    ],
    ids=[
        "old source", "right source", "node's address", "entry removed", "inside the cluster",
        "outside address that leads inside", "udp", "summary", "another pod",
    ],
)  # fmt: skip
def test_stale_flows(text: str, source: str | None, stale: set[Flow]) -> None:
    assert set(stale_flows(text, pod=POD, source=source, cluster=("10.0.0.0/8",))) == stale


def rule(pod: str, source: str | None = None) -> EgressRule:
    return EgressRule(pod_address=pod, source=source)


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ((), (), {}),
        ((rule(POD, OLD),), (rule(POD, OLD),), {}),
        ((rule(POD, OLD),), (rule(POD, NEW),), {POD: NEW}),
        ((), (rule(POD, NEW),), {POD: NEW}),
        ((), (rule(POD),), {POD: None}),
        ((rule(POD, OLD),), (rule(POD),), {POD: None}),
        ((rule(POD, OLD),), (), {POD: None}),
        ((rule(POD),), (rule(POD, NEW),), {POD: NEW}),
    ],
    ids=["nothing", "same", "other source", "new", "new, held back", "held back", "gone", "let out"],
)
def test_changed_pods(
    before: tuple[EgressRule, ...], after: tuple[EgressRule, ...], changed: dict[str, str | None]
) -> None:
    assert changed_pods(before, after) == changed
