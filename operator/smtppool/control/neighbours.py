"""What a server's pass must know beyond its own objects: who has its address, what nodes report, who its peers are."""

from collections.abc import Iterator
from dataclasses import dataclass

from smtppool.api.documents import Lanes, NodeEgressReport, Routing
from smtppool.api.names import COMPONENT, Key, node_egress_report_name, pod_name, routing_name
from smtppool.api.smtppool import MAX_SERVERS
from smtppool.control.limits import last_in, within
from smtppool.control.reading import Reader
from smtppool.control.view import Gatherer, ServerView
from smtppool.kube.cache import Cache, pool_of
from smtppool.kube.kinds import CONFIG_MAP, NODE, PERSISTENT_VOLUME, POD, SMTP_SERVER, Body, key_of, label
from smtppool.policy.acceptance import Claim, claimed_addresses, holders

_EGRESS_REPORT = "egress-report"  # component of the node program's ConfigMaps


def _address(body: Body) -> str | None:
    return _egress(body).get("address") if body["kind"] == SMTP_SERVER.name else None


def _local_address(body: Body) -> str | None:
    return _egress(body).get("localAddress") if body["kind"] == SMTP_SERVER.name else None


def _component(body: Body) -> str | None:
    return label(body, COMPONENT) if body["kind"] == CONFIG_MAP.name else None


def _node(body: Body) -> str | None:
    """A pod's; "" for one that waits for a node."""
    return body["spec"].get("nodeName") or "" if body["kind"] == POD.name else None


def is_cordoned(body: Body) -> bool:
    """As `kubectl cordon` and `kubectl drain` leave a node."""
    return body.get("spec", {}).get("unschedulable") is True


def _cordoned(body: Body) -> str | None:
    return "yes" if body["kind"] == NODE.name and is_cordoned(body) else None


ADDRESS_INDEXES = ("address", "local address")
INDEXES = {
    "address": _address,
    "local address": _local_address,
    "component": _component,
    "node": _node,
    "cordoned": _cordoned,
}


@dataclass(frozen=True, kw_only=True)
class NodeReports:
    """Reports of all nodes, by node."""

    by_node: dict[str, NodeEgressReport]

    @property
    def held(self) -> dict[str, frozenset[str]]:
        """Which of the addresses that were asked for each node holds."""
        return {node: frozenset(report.held) for node, report in self.by_node.items()}


class Neighbours:
    """Looks around in the cache."""

    def __init__(self, *, cache: Cache, reader: Reader, gatherer: Gatherer, operator_namespace: str) -> None:
        self._cache = cache
        self._reader = reader
        self._gatherer = gatherer
        self._namespace = operator_namespace

    def sharers(self, body: Body) -> set[Key]:
        """Servers in any namespace that state an address of this one, itself included."""
        addresses = claimed_addresses(body["spec"])
        return {
            key_of(other)
            for address in addresses
            for index in ADDRESS_INDEXES
            for other in self._cache.by(SMTP_SERVER, index, address)
        }

    def concerned(self, body: Body) -> set[Key]:
        """Servers whose acceptance may follow from this one's: who got its place in the pool, and who has its address.

        Those that only state the address look again when this one holds it, or held it: else each newcomer would wake
        all that came before it.
        """
        pool, namespace = pool_of(body) or "", key_of(body).namespace
        first = list(self._first_claims(body))
        decides = key_of(body) in holders([*first, *_claims(body)]).values()
        others = self.sharers(body) if decides else {claim.owner for claim in first}
        return others | last_in(self._cache.by(SMTP_SERVER, "pool", pool, namespace=namespace))

    def rivals(self, view: ServerView) -> dict[str, Key]:
        """Addresses of this server that an older object holds."""
        held = holders(self._first_claims(view.body))
        return {address: owner for address, owner in held.items() if owner != view.key}

    def is_surplus(self, view: ServerView) -> bool:
        """Whether older servers leave it no room in its pool."""
        if self._cache.count(SMTP_SERVER, "pool", view.pool_key.name) <= MAX_SERVERS:
            return False
        bodies = self._cache.by(SMTP_SERVER, "pool", view.pool_key.name, namespace=view.key.namespace)
        return view.key not in map(key_of, within(bodies))

    def sender(self, view: ServerView) -> Key | None:
        """Another relay that still sends from this one's address, though it must not."""
        running = sorted(key for key in self.sharers(view.body) - {view.key} if self._has_pod(key))
        others = (self._gatherer.server(key) for key in running)
        return next((other.key for other in others if other is not None and _sends(other)), None)

    def _has_pod(self, server: Key) -> bool:
        """Or something of its name: a look that costs nothing, where many may state an address."""
        return self._cache.get(POD, Key(server.namespace, pod_name(server.name))) is not None

    def routing(self, pool: Key) -> Routing | None:
        """What agents of the pool go by, as the API server has it."""
        return self._reader.routing(self._cache.get(CONFIG_MAP, Key(pool.namespace, routing_name(pool.name))))

    def nodes(self) -> NodeReports:
        """What the nodes report; unreadable reports are left out."""
        reports = {}
        for body in self._cache.by(CONFIG_MAP, "component", _EGRESS_REPORT, namespace=self._namespace):
            report = self._reader.node_report(body)
            if report is not None and node_egress_report_name(report.node) == body["metadata"]["name"]:
                reports[report.node] = report
        return NodeReports(by_node=reports)

    def node(self, name: str) -> NodeEgressReport | None:
        """One node's report."""
        report = self._reader.node_report(
            self._cache.get(CONFIG_MAP, Key(self._namespace, node_egress_report_name(name)))
        )
        return report if report is not None and report.node == name else None

    def node_objects(self) -> list[Body]:
        """The cluster's nodes, by name."""
        return self._cache.all(NODE)

    def node_object(self, name: str) -> Body | None:
        """A node of the cluster."""
        return self._cache.get(NODE, Key("", name))

    @property
    def any_cordoned(self) -> bool:
        """Whether some node takes no pods."""
        return self._cache.count(NODE, "cordoned", "yes") > 0

    def pods_for(self, node: str) -> Iterator[Body]:
        """Pods on that node, on cordoned ones and on none: they may have to leave it, or may find a place there."""
        cordoned = {body["metadata"]["name"] for body in self._cache.by(NODE, "cordoned", "yes")}
        for name in sorted({node, "", *cordoned}):
            yield from self._cache.by(POD, "node", name)

    def volume(self, name: str) -> Body | None:
        """A PersistentVolume that was looked at (`volumes.py`): they are not watched."""
        return self._cache.get(PERSISTENT_VOLUME, Key("", name))

    def _first_claims(self, body: Body) -> Iterator[Claim]:
        """To each address of this one the oldest, as either kind of address: of these somebody holds it."""
        for address in claimed_addresses(body["spec"]):
            for index in ADDRESS_INDEXES:
                oldest = self._cache.oldest(SMTP_SERVER, index, address)
                if oldest is not None:
                    yield Claim(oldest["metadata"]["creationTimestamp"], key_of(oldest), address)


def _claims(body: Body) -> Iterator[Claim]:
    for address in claimed_addresses(body["spec"]):
        yield Claim(body["metadata"]["creationTimestamp"], key_of(body), address)


def _sends(view: ServerView) -> bool:
    granted = view.grant is not None and view.grant.lanes is Lanes.OPEN and view.pod is not None
    report = view.report
    # At whatever address the pod was: one that got another says itself that its lanes have closed.
    same = view.pod is not None and report is not None and report.pod_uid == view.pod.uid
    return granted or (same and report is not None and report.lanes is Lanes.OPEN)


def _egress(body: Body) -> dict[str, str]:
    egress: dict[str, str] = (body["spec"].get("relay") or {}).get("egress") or {}
    return egress
