"""Which passes an observed change asks for. A pass too many costs a look, so what is cheap is simply asked for.

What is dear (all servers of a pool, all nodes) is asked for only when the part changed that they depend on.
"""

from collections.abc import Callable

from smtppool.api.documents import Intake
from smtppool.api.names import COMPONENT, POOL, SERVER, Key, report_name
from smtppool.control.changes import Known, marks, news_budget, rolls, room, telling
from smtppool.control.context import Context
from smtppool.control.listening import listen
from smtppool.control.routing import AFTER_ROUTING
from smtppool.control.volumes import forget_volume
from smtppool.kube.cache import pool_of
from smtppool.kube.kinds import (
    CONFIG_MAP,
    IP_WARMUP_PLAN,
    NODE,
    PERSISTENT_VOLUME_CLAIM,
    POD,
    SMTP_POOL,
    SMTP_SERVER,
    STATEFUL_SET,
    Body,
    Kind,
    key_of,
    kind_of,
    label,
    uid_of,
)
from smtppool.policy.acceptance import claimed_addresses

STATUS_DELAY = 1.0  # seconds until a pool looks at what only statuses say
DEPTH_DELAY = 5.0  # seconds until a pool's status shows a new queue depth
_OWN = {SMTP_POOL, SMTP_SERVER, IP_WARMUP_PLAN}


class Dispatcher:
    """Feeds the cache, then the queues."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._queues = context.queues
        self._known = Known()
        self._news = news_budget()
        self._rules: dict[Kind, Callable[[Body], None]] = {
            SMTP_POOL: self._pool,
            SMTP_SERVER: self._server,
            IP_WARMUP_PLAN: lambda body: self._queues.plans.add(key_of(body)),
            POD: self._pod,
            STATEFUL_SET: self._workload,
            CONFIG_MAP: self._config_map,
            NODE: self._node,
        }

    def observe(self, event_type: str | None, body: Body) -> None:
        """One watch event."""
        kind = kind_of(body)
        if kind == POD:
            listen(self._context, body)
        known = self._context.cache.get(kind, key_of(body))
        self._context.cache.observe(event_type, body)
        if event_type == "DELETED":
            self._known.forget(body)  # that it is gone is new, whatever it said
        self._rules.get(kind, self._child)(body)
        if known is not None and known["metadata"].get("labels") != body["metadata"].get("labels"):
            self._child(known)  # a child that lost its labels no longer says whose it is
        if event_type == "DELETED":
            self._forget(kind, body)

    def everything(self) -> None:
        """After a start, and after changes that no watch has told."""
        self._known.clear()
        for kind in (*_OWN, POD, CONFIG_MAP):
            for body in self._context.cache.all(kind):
                self._rules[kind](body)
        for pod in self._context.cache.all(POD):
            listen(self._context, pod)  # it may have come before its server

    def _forget(self, kind: Kind, body: Body) -> None:
        """Last, as the rules remember what they look at: the same content made anew is new."""
        self._known.forget(body)
        if kind == CONFIG_MAP:
            self._context.reader.forget(body)
        elif kind == PERSISTENT_VOLUME_CLAIM:
            forget_volume(self._context, body)
        elif kind in _OWN:
            self._context.gatherer.forget(body)
            self._context.last_pods.pop((key_of(body), uid_of(body)), None)

    def _pool(self, body: Body) -> None:
        key = key_of(body)
        self._queues.routing.add(key)
        self._queues.pools.add(key)
        if self._known.is_new(body, marks(body)):
            self._queues.health.add_after(key, AFTER_ROUTING)
            for server in self._context.cache.by(SMTP_SERVER, "pool", key.name, namespace=key.namespace):
                self._queues.servers.add(key_of(server))

    def _server(self, body: Body) -> None:
        key, pool = key_of(body), Key(key_of(body).namespace, pool_of(body) or "")
        if not self._known.is_new(body, marks(body)):
            self._queues.servers.add(key)
            self._queues.pools.add_after(pool, STATUS_DELAY)
            return
        self._queues.routing.add(pool)
        self._queues.servers.add_after(key, AFTER_ROUTING)
        self._queues.pools.add_after(pool, AFTER_ROUTING)
        self._queues.health.add_after(pool, AFTER_ROUTING)
        self._all_nodes()
        for other in self._context.neighbours.concerned(body) - {key}:
            self._queues.servers.add(other)
            self._queues.routing.add(self._pool_of_server(other))
        for plan in map(key_of, self._context.cache.all(IP_WARMUP_PLAN)):
            if plan.namespace == key.namespace:
                self._queues.plans.add_after(plan, AFTER_ROUTING)

    def _pod(self, body: Body) -> None:
        self._workload(body)
        if node := body["spec"].get("nodeName"):
            self._queues.nodes.add(node)

    def _workload(self, body: Body) -> None:
        self._child(body)
        self._pool_of_child(body)

    def _node(self, body: Body) -> None:
        """Relays on it; and those that have to leave another one, as they may or may not find a place here now."""
        if not self._known.is_new(body, room(body)):
            return
        self._queues.nodes.add(key_of(body).name)
        for pod in self._context.neighbours.pods_for(key_of(body).name):
            self._workload(pod)

    def _config_map(self, body: Body) -> None:
        server, home = label(body, SERVER), self._context.settings.operator_namespace
        if label(body, COMPONENT) in {"egress-report", "egress-order"} and key_of(body).namespace == home:
            self._node_document(body)
        elif server is None:
            self._pool_of_child(body)
        elif key_of(body).name != report_name(server):
            self._workload(body)
        else:
            self._report(body, Key(key_of(body).namespace, server))

    def _report(self, body: Body, server: Key) -> None:
        """Each pod reports every second: looked at at once is only what traffic, a roll or a deletion depends on."""
        report = self._context.reader.report(body, server=server.name).document
        pool = Key(server.namespace, label(body, POOL) or "")
        self._queues.health.add_after(pool, STATUS_DELAY)
        news = self._known.is_new(body, telling(report)) or rolls(self._context.cache.get(SMTP_POOL, pool))
        closing = report is None or report.intake is Intake.CLOSED  # it may be gone as soon as its queue is empty
        if (news or closing) and not self._news.spend(server, self._context.clock()):
            queues = self._queues
            for queue, key in ((queues.routing, pool), (queues.pools, pool), (queues.servers, server)):
                queue.add_after(key, STATUS_DELAY)
        elif news:
            self._workload(body)
        else:
            self._queues.pools.add_after(pool, DEPTH_DELAY)
            if closing:
                self._child(body)
            else:
                self._queues.servers.add_after(server, STATUS_DELAY)

    def _child(self, body: Body) -> None:
        server = label(body, SERVER)
        if server is not None:
            self._queues.servers.add(Key(key_of(body).namespace, server))
        else:
            self._pool_of_child(body)

    def _pool_of_child(self, body: Body) -> None:
        pool = label(body, POOL)
        if pool is not None:
            key = Key(key_of(body).namespace, pool)
            self._queues.routing.add(key)
            self._queues.pools.add(key)
            self._queues.health.add_after(key, STATUS_DELAY)

    def _node_document(self, body: Body) -> None:
        """All servers whose place or rule may depend on it: nodes report rarely."""
        self._queues.nodes.add(key_of(body).name.removesuffix("-report").removesuffix("-egress"))
        if label(body, COMPONENT) == "egress-order" or not self._known.is_new(body, body.get("data")):
            return
        for server in self._context.cache.all(SMTP_SERVER):
            if claimed_addresses(server["spec"]):
                self._queues.servers.add(key_of(server))
                self._queues.routing.add(self._pool_of_server(key_of(server)))

    def _pool_of_server(self, key: Key) -> Key:
        body = self._context.cache.get(SMTP_SERVER, key)
        return Key(key.namespace, (pool_of(body) if body else None) or "")

    def _all_nodes(self) -> None:
        for node in self._context.neighbours.nodes().by_node:
            self._queues.nodes.add_after(node, AFTER_ROUTING)
