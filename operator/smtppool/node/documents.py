"""`<node>-egress` in, `<node>-egress-report` out: text to model and back, and what counts as the same table."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pydantic import ValidationError

from smtppool.api.documents import EgressRule, NodeEgress, NodeEgressReport
from smtppool.api.names import EGRESS_KEY
from smtppool.render.egress.nftables import effective_rules, ruleset

MAX_ERROR = 512  # documents.Text


class Order(NamedTuple):
    """The last order from the operator: a document, or why there is none to follow."""

    egress: NodeEgress | None = None
    error: str | None = None


NO_ORDER = Order()


def read_order(data: Mapping[str, str], *, node: str) -> Order:
    """A document that cannot be read, or is another node's, is an error and changes nothing."""
    if EGRESS_KEY not in data:
        return Order(error=f"the ConfigMap has no key {EGRESS_KEY}")
    try:
        egress = NodeEgress.model_validate_json(data[EGRESS_KEY])
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return Order(error=f"{EGRESS_KEY}: {'.'.join(map(str, first['loc']))}: {first['msg']}"[:MAX_ERROR])
    if egress.node != node:
        return Order(error=f"{EGRESS_KEY} is for node {egress.node}")
    return Order(egress=egress)


def same_table(one: NodeEgress | None, other: NodeEgress | None) -> bool:
    """Whether both orders give the same nftables table; `wanted` has no part in it."""
    if one is None or other is None:
        return one is other
    return ruleset(one) == ruleset(other)


def contradictions(egress: NodeEgress, *, applied: Iterable[EgressRule]) -> str | None:
    """Why the kernel's rules are not the ordered ones; None if they are."""
    missing = set(effective_rules(egress.rules)) ^ set(applied)
    if not missing:
        return None
    return f"rules not in force as ordered for {', '.join(sorted({rule.pod_address for rule in missing}))}"[:MAX_ERROR]


def build_report(
    *, node: str, order: Order, held: frozenset[str], applied: tuple[EgressRule, ...], error: str | None
) -> NodeEgressReport:
    """What the operator may know: of the node's addresses only those that it asked for."""
    wanted = order.egress.wanted if order.egress else ()
    return NodeEgressReport(
        node=node,
        held=tuple(sorted(held.intersection(wanted))),
        applied=applied,
        error=(error or order.error or "")[:MAX_ERROR] or None,
    )
