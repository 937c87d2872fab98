"""Where a relay could run, and what binds it to a node that takes no new pods.

The scheduler decides where a pod goes; this only keeps a pod from being ended that would find no place. What is not
looked at (free CPU, ports, rules between pods) is seen in the pod's own condition.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from smtppool.api.scheduling import NodeSelectorTerm, Requirement, Toleration

UNSCHEDULABLE = "node.kubernetes.io/unschedulable"  # what the node controller puts on a cordoned node
_KEEPS_OUT = {"NoSchedule", "NoExecute"}


class Taint(NamedTuple):
    """core/v1 Taint."""

    key: str
    value: str
    effect: str


@dataclass(frozen=True, kw_only=True)
class Node:
    """A node of the cluster."""

    name: str
    cordoned: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What the next pod of a relay asks of its node."""

    source: str | None = None  # the address that the node must hold; None: any node will do
    holders: frozenset[str] = frozenset()  # nodes that report it
    volume: tuple[NodeSelectorTerm, ...] | None = ()  # where its volume can be attached; (): anywhere; None: not known
    selector: Mapping[str, str] = field(default_factory=dict)
    terms: tuple[NodeSelectorTerm, ...] = ()  # required node affinity
    tolerations: tuple[Toleration, ...] = ()


class Homes(NamedTuple):
    """Nodes that fit: those that take pods, and those that would if they were not cordoned."""

    open: tuple[str, ...]
    cordoned: tuple[str, ...]
    why_not: str = ""  # why `open` is empty


def homes(needs: Needs, nodes: Collection[Node]) -> Homes:
    """Sorted by name."""
    fitting = [node for node in nodes if all(fits(needs, node) for fits, _ in _CHECKS)]
    found = tuple(sorted(node.name for node in fitting if not node.cordoned))
    cordoned = tuple(sorted(node.name for node in fitting if node.cordoned))
    return Homes(found, cordoned, "" if found else _why_not(needs, [node for node in nodes if not node.cordoned]))


def ignores_cordons(tolerations: Iterable[Toleration]) -> bool:
    """Its pod is put on cordoned nodes too, so it has nowhere to go."""
    return _tolerated(Taint(UNSCHEDULABLE, "", "NoSchedule"), tolerations)


def _why_not(needs: Needs, takers: Collection[Node]) -> str:
    if not takers:
        return "no other node takes pods"
    reasons = [told(needs) for fits, told in _CHECKS if not any(fits(needs, node) for node in takers)]
    return "; ".join(reasons) or "no node that takes pods has all of: its address, its volume, its scheduling rules"


def _holds_address(needs: Needs, node: Node) -> bool:
    return needs.source is None or node.name in needs.holders


def _holds_volume(needs: Needs, node: Node) -> bool:
    return needs.volume is not None and _matches(needs.volume, node)


def _may_run(needs: Needs, node: Node) -> bool:
    selected = all(node.labels.get(name) == value for name, value in needs.selector.items())
    taints = (taint for taint in node.taints if taint.effect in _KEEPS_OUT and taint.key != UNSCHEDULABLE)
    return selected and _matches(needs.terms, node) and all(_tolerated(taint, needs.tolerations) for taint in taints)


def _no_holder(needs: Needs) -> str:
    return f"no other node that takes pods reports {needs.source}: add the address to one"


def _no_volume(needs: Needs) -> str:
    if needs.volume is None:
        return "it is not known yet where its volume can be attached"
    return "its volume can be attached on no other node that takes pods"


def _no_place(_: Needs) -> str:
    return "taints, nodeSelector or node affinity keep it from every other node that takes pods"


_Check = Callable[[Needs, Node], bool]
_CHECKS: tuple[tuple[_Check, Callable[[Needs], str]], ...] = (
    (_holds_address, _no_holder),
    (_holds_volume, _no_volume),
    (_may_run, _no_place),
)


def _matches(terms: Collection[NodeSelectorTerm], node: Node) -> bool:
    """One of the terms; no terms at all ask for nothing."""
    return not terms or any(_holds(term, node) for term in terms)


def _holds(term: NodeSelectorTerm, node: Node) -> bool:
    """All of its requirements; a term without any matches no node."""
    wanted = [*_by_label(term, node), *((one, node.name) for one in term.match_fields or ())]
    return bool(wanted) and all(_meets(requirement, value) for requirement, value in wanted)


def _by_label(term: NodeSelectorTerm, node: Node) -> Iterator[tuple[Requirement, str | None]]:
    yield from ((one, node.labels.get(one.key)) for one in term.match_expressions or ())


def _meets(requirement: Requirement, value: str | None) -> bool:
    values = requirement.values or ()
    match requirement.operator:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt" if value is not None and _is_number(value) and len(values) == 1 and _is_number(values[0]):
            have, limit = int(value), int(values[0])
            return have > limit if requirement.operator == "Gt" else have < limit
    return False


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdecimal()


def _tolerated(taint: Taint, tolerations: Iterable[Toleration]) -> bool:
    return any(_tolerates(one, taint) for one in tolerations)


def _tolerates(toleration: Toleration, taint: Taint) -> bool:
    if toleration.effect not in (None, "", taint.effect):
        return False
    if not toleration.key:
        return toleration.operator == "Exists"
    same = toleration.operator == "Exists" or (toleration.value or "") == taint.value
    return toleration.key == taint.key and same
