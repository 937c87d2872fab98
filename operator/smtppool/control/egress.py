"""The egress worker: for each node, what its egress program must translate, and which addresses it is asked about.

Nodes announce themselves by their report; a node that left the cluster takes both of its ConfigMaps with it.
"""

from collections.abc import Iterator
from itertools import islice

from smtppool.api.documents import MAX_WANTED, EgressRule, NodeEgress
from smtppool.api.names import (
    COMPONENT,
    EGRESS,
    EGRESS_KEY,
    FIELD_MANAGER,
    MANAGED_BY,
    MANAGED_BY_VALUE,
    PART_OF,
    PART_OF_VALUE,
    SERVER,
    Key,
    node_egress_name,
    node_egress_report_name,
    pod_name,
)
from smtppool.control.context import Context
from smtppool.control.silent import silent_addresses
from smtppool.control.view import ServerView
from smtppool.kube.kinds import CONFIG_MAP, NODE, POD, SMTP_SERVER, Body, Kind, key_of, label, uid_of
from smtppool.render.documents import canonical
from smtppool.render.egress import interface
from smtppool.render.egress.table import EGRESS_PROVIDERS, provider_in_use

OWNER = FIELD_MANAGER  # of ConfigMaps that belong to no object of the user's
NODE_PERIOD = 300.0  # seconds between looks whether a node still exists, as a watch may not tell


async def pass_node(context: Context, node: str) -> float | None:
    """One pass."""
    ordered, report = _key(context, node_egress_name(node)), _key(context, node_egress_report_name(node))
    known = any(context.cache.get(CONFIG_MAP, key) is not None for key in (ordered, report))
    if not known and not _rules(context, node):
        return None
    if await context.api.get(NODE, Key("", node)) is None:
        await _remove(context, CONFIG_MAP, (ordered, report))
        return None
    await context.writer.apply(manifest(ordered, order(context, node)), owner=OWNER)
    return NODE_PERIOD


def order(context: Context, node: str) -> NodeEgress:
    """What this node has to do now."""
    return NodeEgress(
        node=node,
        rules=_rules(context, node),
        cluster_networks=context.settings.cluster_networks,
        wanted=_wanted(context),
        silent=silent_addresses(context),
    )


def manifest(key: Key, document: NodeEgress) -> Body:
    """`<node>-egress`."""
    labels = {PART_OF: PART_OF_VALUE, MANAGED_BY: MANAGED_BY_VALUE, COMPONENT: "egress-order"}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": key.name, "namespace": key.namespace, "labels": labels},
        "data": {EGRESS_KEY: canonical(document)},
    }


def _rules(context: Context, node: str) -> tuple[EgressRule, ...]:
    """One for each relay pod on the node that needs one, by pod address."""
    report = context.neighbours.node(node)
    held = frozenset(report.held) if report else frozenset()
    rules = {rule.pod_address: rule for view in _on_node(context, node) if (rule := _rule(context, view, held))}
    return tuple(rules[address] for address in sorted(rules))


def _rule(context: Context, view: ServerView, held: frozenset[str]) -> EgressRule | None:
    if view.relay is None or view.pod is None or view.pod.address is None:
        return None
    # An address that an older object holds is not given to a second pod.
    own = view.relay.egress.source in held and not context.neighbours.rivals(view)
    provider = provider_in_use(view.relay, label=view.pod.egress)
    return provider.node_rule(view.relay.egress, pod_address=view.pod.address, held=own)


def _on_node(context: Context, node: str) -> Iterator[ServerView]:
    for pod in context.cache.by(POD, "node", node):
        server = label(pod, SERVER)
        view = context.gatherer.server(Key(pod["metadata"]["namespace"], server)) if server else None
        if view is not None and view.pod is not None and view.pod.uid == uid_of(pod):
            yield view


def _wanted(context: Context) -> tuple[str, ...]:
    """Addresses whose node decides where a relay runs. Beyond the limit the oldest objects come first: somebody who
    makes any number of them must not take the nodes from the others.
    """
    bodies = sorted(context.cache.all(SMTP_SERVER), key=lambda body: str(body["metadata"]["creationTimestamp"]))
    egresses = (_egress(body) for body in bodies if _is_placed(context, body))
    sources = dict.fromkeys(egress.get("localAddress") or egress["address"] for egress in egresses)
    return tuple(sorted(islice(sources, MAX_WANTED)))


def _is_placed(context: Context, server: Body) -> bool:
    """By what is stated for the next pod, or by what the running one was made for."""
    pod = context.cache.get(POD, Key(key_of(server).namespace, pod_name(key_of(server).name)))
    named = {_egress(server).get("provider"), None if pod is None else label(pod, EGRESS)}
    found = (provider for name, provider in EGRESS_PROVIDERS.items() if name.value in named)
    return bool(_egress(server)) and any(one.placement is not interface.Placement.ANYWHERE for one in found)


def _egress(server: Body) -> dict[str, str]:
    egress: dict[str, str] = (server["spec"].get("relay") or {}).get("egress") or {}
    return egress


async def _remove(context: Context, kind: Kind, keys: tuple[Key, ...]) -> None:
    for key in keys:
        body = context.cache.get(kind, key)
        if body is not None:
            await context.api.delete(kind, key, uid=uid_of(body))


def _key(context: Context, name: str) -> Key:
    return Key(context.settings.operator_namespace, name)
