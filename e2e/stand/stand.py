"""One running system: cluster, simulated internet and installed operator, and what is asked of them all the time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_address
from itertools import count
from typing import Any

import pykube

from e2e.cluster.api import Cluster
from e2e.mailnet.client import Mailnet, Selection
from e2e.mailnet.events import Outcome
from e2e.stand.ground import MailnetByName, ground
from e2e.stand.kinds import SmtpPool, SmtpServer, connect
from e2e.stand.kubectl import apply, get, items, kubectl
from e2e.stand.operator import Images, install, remove, require_vacant
from e2e.stand.pools import PoolPlan
from e2e.stand.sender import POD, Sender, Sent
from e2e.stand.waiting import equal, until

READY_TIMEOUT = 120
DELIVERY_TIMEOUT = 120
DELETE_TIMEOUT = 240  # after a time without API server, controllers take their leases and their caches anew first


@dataclass(frozen=True, kw_only=True)
class Stand:
    """Cluster, mailnet and operator; all methods block until what they say is true, or fail with what they saw."""

    cluster: Cluster
    images: Images
    _leaving: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    @cached_property
    def mailnet(self) -> Mailnet:
        """The simulated internet's record and scripts."""
        record = Mailnet if ground().node_addresses else MailnetByName
        return record(lambda argv: self.cluster.mailnet_exec(*argv))

    @cached_property
    def api(self) -> pykube.HTTPClient:
        """The API server as the admin."""
        return connect(str(self.cluster.kubeconfig))

    def install(self) -> str:
        """The operator by its chart."""
        return install(self.images)

    def enter(self) -> None:
        """Refuse a cluster that is not ours and has pools of somebody's: OccupiedError."""
        if not self.cluster.has_node_access:
            require_vacant()

    def leave(self) -> None:
        """Take the operator from a cluster that is not ours; our own keeps it for the next run."""
        if not self.cluster.has_node_access:
            remove()

    def place(self, plan: PoolPlan) -> dict[str, str]:
        """Give each egress address to a node, in turn; returns node by address, nothing if the nodes are not ours.

        Pools with consecutive addresses begin at different nodes: small ones side by side would not fit on the first.
        """
        if not self.cluster.has_node_access:
            return {}
        nodes = [node.name for node in self.cluster.nodes()]
        addresses = list(plan.addresses.values())
        begin = int(ip_address(addresses[0]))
        placed = {address: nodes[(begin + number) % len(nodes)] for number, address in enumerate(addresses)}
        for address, node in placed.items():
            self.cluster.egress_add(node, address)
        return placed

    @contextmanager
    def namespace(self, name: str) -> Iterator[str]:
        """A namespace that is gone afterwards, with all that was in it."""
        kubectl("create", "namespace", name)
        try:
            yield name
        finally:
            self.empty(name)

    @contextmanager
    def passing_namespace(self, name: str) -> Iterator[str]:
        """A namespace of a name of its own, which goes afterwards while the next pool comes up."""
        fresh = f"{name}-{next(self._numbers)}"
        kubectl("create", "namespace", fresh)
        try:
            yield fresh
        finally:
            self._dismiss(fresh)
            self._leaving.append(fresh)

    def empty(self, namespace: str) -> None:
        """Delete a test's namespace; queues left on purpose are dropped by the documented decision."""
        self._dismiss(namespace)
        self._await_gone(namespace)

    def vacate(self) -> None:
        """Wait until every namespace that was to go is gone."""
        while self._leaving:
            self._await_gone(self._leaving.pop())

    def _dismiss(self, namespace: str) -> None:
        for server in SmtpServer.objects(self.api, namespace=namespace):
            server.annotate_decision("drop")
        kubectl("delete", "smtppools,smtpservers,ipwarmupplans", "--all", "-n", namespace, "--wait=false")
        kubectl("delete", "namespace", namespace, "--wait=false")

    def _await_gone(self, namespace: str) -> None:
        until(
            lambda: not get("namespace", namespace, namespace="default"),
            what=f"namespace {namespace} is gone", timeout=DELETE_TIMEOUT, interval=1,
        )  # fmt: skip

    def server(self, name: str, *, namespace: str) -> SmtpServer:
        """The SmtpServer as it is now."""
        found: SmtpServer = SmtpServer.objects(self.api, namespace=namespace).get_by_name(name)
        return found

    def pool(self, name: str, *, namespace: str) -> SmtpPool:
        """The SmtpPool as it is now."""
        found: SmtpPool = SmtpPool.objects(self.api, namespace=namespace).get_by_name(name)
        return found

    def create(self, *plans: PoolPlan) -> None:
        """Apply pools with their servers, their addresses on the nodes, and wait until all are in traffic.

        And until nothing of earlier tests is left: what comes now may be measured.
        """
        for plan in plans:
            self.place(plan)
            apply(plan.manifests())
        self.vacate()
        for plan in plans:
            self.in_traffic(plan)

    def in_traffic(self, plan: PoolPlan, *, timeout: float = READY_TIMEOUT) -> None:
        """Wait until each server is ready and has its stated weight in force."""
        stated = {s.name: s.weight for s in plan.servers}
        equal(lambda: self.weights(plan.namespace), stated, what="weights in force", timeout=timeout)
        equal(lambda: self.not_ready(plan.namespace), dict[str, str](), what="Ready of the servers", timeout=timeout)
        until(lambda: self.entry_ready(plan), what=f"Service {plan.name} has an endpoint", timeout=30)

    def not_ready(self, namespace: str) -> dict[str, str]:
        """What Ready says of each server that is not."""
        said = {s.name: s.says("Ready") for s in SmtpServer.objects(self.api, namespace=namespace)}
        return {name: word for name, word in said.items() if not word.startswith("True/")}

    def weights(self, namespace: str) -> dict[str, Any]:
        """Weight in force by server name."""
        servers = SmtpServer.objects(self.api, namespace=namespace)
        return {server.name: server.status("weight") for server in servers}

    def entry_ready(self, plan: PoolPlan) -> list[str]:
        """Addresses of the ready entry pods."""
        slices = items("endpointslices", namespace=plan.namespace, selector=f"kubernetes.io/service-name={plan.name}")
        endpoints = [endpoint for entry in slices for endpoint in entry["endpoints"] or ()]
        return [str(endpoint["addresses"][0]) for endpoint in endpoints if endpoint["conditions"]["ready"]]

    def sender(self, namespace: str, *, name: str = POD) -> Sender:
        """A client pod in that namespace."""
        sender = Sender(namespace=namespace, image=self.images.mailnet, name=name)
        sender.create()
        return sender

    def arrived(self, prefix: str) -> list[str]:
        """Message ids that sinks have accepted, with duplicates."""
        return self.mailnet.message_ids(Selection(message_id_prefix=prefix, outcome=Outcome.ACCEPTED))

    def all_arrive(self, sent: Sent, *, timeout: float = DELIVERY_TIMEOUT) -> int:
        """Wait until every acknowledged message is at a sink; returns how many came twice."""
        assert sent.acks, f"nothing was acknowledged: {sent.errors}"
        equal(
            lambda: len(sent.acks - set(self.arrived(sent.prefix))), 0,
            what=f"mail of {len(sent.acks)} acknowledged that is not at a sink", timeout=timeout, interval=0.5,
        )  # fmt: skip
        arrived = self.arrived(sent.prefix)
        return len(arrived) - len(set(arrived))


def target(plan: PoolPlan) -> str:
    """HOST:PORT of a pool's entry for a client in the cluster."""
    return f"{plan.name}.{plan.namespace}.svc.cluster.local:25"


def numeric_target(plan: PoolPlan) -> str:
    """The same by its address: many look-ups of a name in a second would only measure the cluster's DNS."""
    return f"{get('service', plan.name, namespace=plan.namespace)['spec']['clusterIP']}:25"
