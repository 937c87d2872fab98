"""One server, one pool, as the cache has them at this moment: the immutable input of a pass."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from smtppool.api.documents import Grant, Report, is_of_pod
from smtppool.api.names import (
    OWNER_UID,
    PAUSED,
    Key,
    grant_name,
    pod_name,
    queue_name,
    relay_name,
    report_name,
)
from smtppool.api.smtppool import SmtpPoolSpec
from smtppool.api.smtpserver import Relay, SmtpServerSpec
from smtppool.control.limits import within
from smtppool.control.pods import PodView, pod_view
from smtppool.control.reading import Reader
from smtppool.kube.cache import Cache
from smtppool.kube.kinds import (
    CONFIG_MAP,
    PERSISTENT_VOLUME_CLAIM,
    POD,
    SMTP_POOL,
    SMTP_SERVER,
    STATEFUL_SET,
    Body,
    Kind,
    annotation,
    is_terminating,
    uid_of,
)


@dataclass(frozen=True, kw_only=True)
class Viewed:
    """What the views of all our kinds have."""

    key: Key
    body: Body

    @property
    def uid(self) -> str:
        """Identity of this very object."""
        return uid_of(self.body)

    @property
    def generation(self) -> int:
        """Version of the spec."""
        return int(self.body["metadata"].get("generation", 0))

    @property
    def deleted(self) -> bool:
        """A deletion was asked for."""
        return is_terminating(self.body)

    @property
    def paused(self) -> bool:
        """No writes for this object."""
        return annotation(self.body, PAUSED) == "true"

    @property
    def status(self) -> dict[str, Any]:
        """As last written."""
        status: dict[str, Any] = self.body.get("status", {})
        return status

    def condition(self, kind: str) -> dict[str, Any]:
        """A condition as last written; empty if there is none."""
        return next((one for one in self.status.get("conditions", ()) if one["type"] == kind), {})


@dataclass(frozen=True, kw_only=True)
class PoolView(Viewed):
    """`spec` None: it cannot be read."""

    spec: SmtpPoolSpec | None
    errors: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ServerView(Viewed):
    """A server with its pool and those children that decisions look at; only children that are its own."""

    spec: SmtpServerSpec | None
    errors: tuple[str, ...]
    pool: PoolView | None
    pod: PodView | None
    workload: Body | None
    volume: Body | None
    grant: Grant | None
    report: Report | None
    report_invalid: bool
    last_report: Report | None  # also if its ConfigMap is gone meanwhile

    @property
    def pool_key(self) -> Key:
        """The pool that it names."""
        return Key(self.key.namespace, str(self.body["spec"]["poolRef"]["name"]))

    @cached_property
    def relay(self) -> Relay | None:
        """The relay part, also of a spec that is wrong elsewhere; None for a smarthost."""
        if self.spec is not None:
            return self.spec.relay
        try:
            return Relay.model_validate(self.body["spec"].get("relay"))
        except ValidationError:
            return None

    @property
    def own_report(self) -> Report | None:
        """The report, if the present pod wrote it, at its present address."""
        pod, report = self.pod, self.report
        if pod is None or report is None:
            return None
        return report if is_of_pod(report, uid=pod.uid, address=pod.address) else None

    @property
    def ever_reported(self) -> bool:
        """Some pod of it has reported; without that it gets no mail, and so none can be lost with it."""
        return self.last_report is not None or self.report_invalid or self.status.get("queue") is not None

    @property
    def outdated(self) -> bool:
        """The pod was made by an older template, as far as the StatefulSet's controller has said."""
        if self.pod is None or self.workload is None:
            return False
        status = self.workload.get("status", {})
        seen = status.get("observedGeneration") == self.workload["metadata"].get("generation")
        revision = status.get("updateRevision")
        return bool(seen and revision and self.pod.revision and self.pod.revision != revision)


class Gatherer:
    """Makes views."""

    def __init__(self, *, cache: Cache, reader: Reader) -> None:
        self._cache = cache
        self._reader = reader
        self._last_reports: dict[str, Report] = {}  # by server uid: a terminating namespace takes ConfigMaps first

    def forget(self, body: Body) -> None:
        """The object is gone."""
        self._reader.forget(body)
        self._last_reports.pop(uid_of(body), None)

    def pool(self, key: Key) -> PoolView | None:
        """A pool, if it exists."""
        body = self._cache.get(SMTP_POOL, key)
        if body is None:
            return None
        spec, errors = self._reader.spec(body, SmtpPoolSpec)
        return PoolView(key=key, body=body, spec=spec, errors=errors)

    def server(self, key: Key) -> ServerView | None:
        """A server, if it exists."""
        body = self._cache.get(SMTP_SERVER, key)
        if body is None:
            return None
        return self._server(key, body, self.pool(Key(key.namespace, str(body["spec"]["poolRef"]["name"]))))

    def servers_of(self, pool: PoolView) -> list[ServerView]:
        """The servers that name this pool, by name; no more than it has room for."""
        bodies = self._cache.by(SMTP_SERVER, "pool", pool.key.name, namespace=pool.key.namespace)
        return [self._server(Key(pool.key.namespace, body["metadata"]["name"]), body, pool) for body in within(bodies)]

    def _server(self, key: Key, body: Body, pool: PoolView | None) -> ServerView:
        spec, errors = self._reader.spec(body, SmtpServerSpec)
        pod = self._own(POD, key, pod_name(key.name), body)
        report = self._reader.report(self._own(CONFIG_MAP, key, report_name(key.name), body), server=key.name)
        if report.document is not None:
            self._last_reports[uid_of(body)] = report.document
        return ServerView(
            key=key,
            body=body,
            spec=spec,
            errors=errors,
            pool=pool,
            pod=None if pod is None else pod_view(pod),
            workload=self._own(STATEFUL_SET, key, relay_name(key.name), body),
            volume=self._own(PERSISTENT_VOLUME_CLAIM, key, queue_name(key.name), body),
            grant=self._reader.grant(self._own(CONFIG_MAP, key, grant_name(key.name), body)),
            report=report.document,
            report_invalid=report.invalid,
            last_report=self._last_reports.get(uid_of(body)),
        )

    def _own(self, kind: Kind, key: Key, name: str, owner: Body) -> Body | None:
        found = self._cache.get(kind, Key(key.namespace, name))
        return found if found is not None and annotation(found, OWNER_UID) == uid_of(owner) else None
