"""Orders that are read or refused, and reports that are made."""

import json

import pytest

from smtppool.api.documents import EgressRule, NodeEgress
from smtppool.node.documents import Order, build_report, contradictions, read_order, same_table

RULE = EgressRule(pod_address="10.1.0.5", source="198.51.100.11")
EGRESS = NodeEgress(node="node-a", rules=(RULE,), wanted=("198.51.100.12", "198.51.100.11"))


def text(**change: object) -> str:
    return json.dumps(EGRESS.dump() | change)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"egress.json": text()}, None),
        ({}, "the ConfigMap has no key egress.json"),
        ({"egress.json": "{"}, "egress.json: "),
        ({"egress.json": text(node="node-b")}, "egress.json is for node node-b"),
        ({"egress.json": text(version=2)}, "egress.json: version: "),
        ({"egress.json": text(rules=[{"podAddress": "10.1.0.5; drop"}])}, "egress.json: rules.0.podAddress: "),
        ({"egress.json": text(clusterNetworks=["0.0.0.0/0"])}, "egress.json: clusterNetworks.0: "),
        ({"egress.json": text(more=1)}, "egress.json: more: "),
    ],
    ids=["good", "no key", "no JSON", "another node's", "version", "injection", "everything", "unknown field"],
)
def test_read_order(data: dict[str, str], error: str | None) -> None:
    order = read_order(data, node="node-a")
    if error is None:
        assert order == Order(EGRESS)
    else:
        assert order.egress is None
        assert (order.error or "").startswith(error)


def test_wanted_addresses_do_not_change_the_table() -> None:
    assert same_table(EGRESS, EGRESS.model_copy(update={"wanted": ()}))
    assert not same_table(EGRESS, EGRESS.model_copy(update={"rules": ()}))
    assert not same_table(EGRESS, None)


def test_contradictions_name_the_pods() -> None:
    assert contradictions(EGRESS, applied=(RULE,)) is None
    assert "10.1.0.5" in (contradictions(EGRESS, applied=()) or "")
    assert "10.9.9.9" in (contradictions(EGRESS, applied=(RULE, EgressRule(pod_address="10.9.9.9"))) or "")


def test_report_tells_only_what_was_asked() -> None:
    held = frozenset({"198.51.100.11", "192.0.2.1"})
    report = build_report(node="node-a", order=Order(EGRESS, "later error"), held=held, applied=(RULE,), error=None)
    assert (report.held, report.applied, report.error) == (("198.51.100.11",), (RULE,), "later error")


def test_a_long_error_is_cut() -> None:
    report = build_report(node="node-a", order=Order(), held=frozenset(), applied=(), error="x" * 2000)
    assert len(report.error or "") == 512
