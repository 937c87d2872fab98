"""Nodes as decisions look at them: which take no pods, and where a relay that runs on such a node could run instead."""

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from smtppool.api.cordoned import CordonRule
from smtppool.api.scheduling import NodeSelector, NodeSelectorTerm
from smtppool.control.neighbours import Neighbours, is_cordoned
from smtppool.control.view import ServerView
from smtppool.kube.kinds import Body
from smtppool.policy.drain_facts import OnCordoned
from smtppool.policy.nodes import Homes, Needs, Node, Taint, homes, ignores_cordons
from smtppool.policy.verdict import Verdict
from smtppool.render.egress import interface
from smtppool.render.egress.table import egress_provider

_UNREADABLE = Homes((), (), "its spec, or its pool's, cannot be read")


def cordoned_node(view: ServerView, neighbours: Neighbours) -> str | None:
    """The node of its pod, if that node takes no pods and the relay minds."""
    name = view.pod.node if view.pod is not None else None
    body = neighbours.node_object(name) if name is not None else None
    if body is None or not is_cordoned(body) or ignores_cordons(_tolerations(view)):
        return None
    return name


def on_cordoned(view: ServerView, neighbours: Neighbours) -> OnCordoned | None:
    """What the pool has decided of a relay whose node is cordoned; nothing yet is nobody's wish."""
    node = cordoned_node(view, neighbours)
    decided = decision_on(view, node) if node is not None else None
    if node is None or decided is None:
        return None
    stuck = homes_of(view, neighbours).why_not
    if decided["decision"] == CordonRule.LEAVES:
        return OnCordoned(node, leaves=True, stuck=stuck)
    elsewhere = f"; it cannot move either: {stuck}" if stuck else ""
    told = f"{node} is cordoned, and the relay stays in traffic: {decided.get('message', '')}{elsewhere}"
    return OnCordoned(node, leaves=False, stuck=stuck, stays=Verdict("False", decided["decision"], told))


def decision_on(view: ServerView, node: str | None) -> dict[str, Any] | None:
    """The pool's entry for a server on this node, as last written."""
    entries = view.pool.status.get("onCordonedNodes", ()) if view.pool is not None else ()
    return next((one for one in entries if (one["server"], one["node"]) == (view.key.name, node)), None)


def homes_of(view: ServerView, neighbours: Neighbours) -> Homes:
    """Nodes on which its next pod could run."""
    if view.spec is None or view.pool is None or view.pool.spec is None:
        return _UNREADABLE
    return homes(_needs(view, neighbours), [_node(body) for body in neighbours.node_objects()])


def elsewhere(view: ServerView, neighbours: Neighbours, *, pinned: str | None) -> tuple[str, ...]:
    """For a relay without a running pod whose template names a cordoned node: others that hold its address."""
    runs = view.pod is not None and view.pod.node is not None and not view.pod.terminating
    body = neighbours.node_object(pinned) if pinned is not None and not runs else None
    return homes_of(view, neighbours).open if body is not None and is_cordoned(body) else ()


def waits_for_node(view: ServerView, neighbours: Neighbours) -> Homes | None:
    """Where a pod could run that no node was found for, if some node is cordoned."""
    if view.pod is None or view.pod.node is not None or view.pod.terminating:
        return None
    return homes_of(view, neighbours) if neighbours.any_cordoned else None


def _node(body: Body) -> Node:
    metadata, spec = body["metadata"], body.get("spec", {})
    taints = (Taint(one["key"], one.get("value", ""), one["effect"]) for one in spec.get("taints", ()))
    return Node(
        name=metadata["name"],
        cordoned=is_cordoned(body),
        labels=metadata.get("labels", {}),
        taints=tuple(taints),
    )


def _needs(view: ServerView, neighbours: Neighbours) -> Needs:
    pod = view.pool.spec.pod if view.pool is not None and view.pool.spec is not None else None
    affinity = pod.affinity.node_affinity if pod is not None and pod.affinity is not None else None
    required = affinity.required_during_scheduling_ignored_during_execution if affinity is not None else None
    relay = view.relay
    bound = relay is not None and egress_provider(relay).placement is not interface.Placement.ANYWHERE
    source = relay.egress.source if relay is not None and bound else None
    return Needs(
        source=source,
        holders=frozenset(node for node, held in neighbours.nodes().held.items() if source in held),
        volume=_volume_terms(view, neighbours),
        selector=dict(pod.node_selector) if pod is not None else {},
        terms=required.node_selector_terms if required is not None else (),
        tolerations=tuple(_tolerations(view)),
    )


def _volume_terms(view: ServerView, neighbours: Neighbours) -> tuple[NodeSelectorTerm, ...] | None:
    """A claim that is not bound yet may be bound anywhere; a volume that nobody has looked at, nobody knows where."""
    name = (view.volume or {}).get("spec", {}).get("volumeName")
    if not name:
        return ()
    body = neighbours.volume(name)
    if body is None:
        return None
    required = (body["spec"].get("nodeAffinity") or {}).get("required")
    try:
        return NodeSelector.model_validate(required).node_selector_terms if required else ()
    except ValidationError:
        return None


def _tolerations(view: ServerView) -> Iterable[Any]:
    return view.pool.spec.pod.tolerations if view.pool is not None and view.pool.spec is not None else ()
