"""A small cluster in a cache: one pool, one server and its children, for tests to bend."""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from smtppool.api.base import API_VERSION, Model
from smtppool.api.documents import EgressCheckOrder, EgressObservation, Grant, Lanes, QueueDepth, Report
from smtppool.api.health_record import HealthRecord
from smtppool.api.names import GRANT_KEY, OWNER_UID, POOL, REPORT_KEY, SERVER, Key
from smtppool.control.assess import Assessment, InForce, assess, placement_of
from smtppool.control.attempt import Problem
from smtppool.control.conditions.observed import ServerObserved
from smtppool.control.neighbours import INDEXES, Neighbours
from smtppool.control.nodes import waits_for_node
from smtppool.control.pods import pod_state
from smtppool.control.reading import Reader
from smtppool.control.view import Gatherer, ServerView
from smtppool.kube.cache import Cache
from smtppool.kube.kinds import Body
from smtppool.policy.lifecycle import LifecycleDecision, Step

NOW = datetime(2025, 11, 21, 12, 0, tzinfo=UTC)
ADDRESS = "198.51.100.11"
POD_ADDRESS = "10.244.1.5"
KEY = Key("mail", "mx1")


def body(kind: str, name: str, uid: str, *, api: str = "v1", **fields: Any) -> Body:
    """An object as the API server gives it."""
    metadata = {
        "name": name,
        "namespace": "mail",
        "uid": uid,
        "resourceVersion": "1",
        "generation": 1,
        "creationTimestamp": "2025-01-01T00:00:00Z",
        "labels": {POOL: "marketing", SERVER: "mx1"},
        "annotations": {OWNER_UID: "server-uid"},
        **fields.pop("metadata", {}),
    }
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **fields}


def document(name: str, key: str, content: Model | Report) -> Body:
    """A ConfigMap with a document."""
    text = content.model_dump_json(by_alias=True, exclude_none=True)
    return body("ConfigMap", name, f"{name}-uid", data={key: text})


REPORT = Report(
    server="mx1",
    pod_uid="pod-uid",
    pod_address=POD_ADDRESS,
    egress=EgressObservation(observed_address=ADDRESS, observed_at="2025-11-21T11:59:00Z"),
    queue=QueueDepth(deferred=2),
    lanes=Lanes.OPEN,
)
GRANT = Grant(
    server="mx1",
    pod_uid="pod-uid",
    pod_address=POD_ADDRESS,
    lanes=Lanes.OPEN,
    egress_check=EgressCheckOrder(endpoint="smtp://echo.example.net:25", expected=ADDRESS),
)


def _pool() -> Body:
    spec = {"egressCheck": {"endpoint": "smtp://echo.example.net:25"}}
    return body("SmtpPool", "marketing", "pool-uid", api=API_VERSION, spec=spec)


def _server() -> Body:
    spec = {
        "poolRef": {"name": "marketing"},
        "relay": {"hostname": "mx1.example.com", "egress": {"address": ADDRESS}},
        "weight": 10,
        "warmup": {"mode": "Warm"},
    }
    return body("SmtpServer", "mx1", "server-uid", api=API_VERSION, spec=spec)


def _pod() -> Body:
    status = {"phase": "Running", "podIP": POD_ADDRESS, "conditions": [{"type": "Ready", "status": "True"}]}
    return body("Pod", "mx1-relay-0", "pod-uid", spec={"nodeName": "n1"}, status=status)


@dataclass
class Cluster:
    """Change a body before the first look; None: there is none."""

    pool: Body | None = field(default_factory=_pool)
    server: Body = field(default_factory=_server)
    pod: Body | None = field(default_factory=_pod)
    claim: Body | None = field(
        default_factory=lambda: body(
            "PersistentVolumeClaim", "mx1-queue", "claim-uid", spec={}, status={"phase": "Bound"}
        )
    )
    grant: Body | None = field(default_factory=lambda: document("mx1-grant", GRANT_KEY, GRANT))
    report: Body | None = field(default_factory=lambda: document("mx1-report", REPORT_KEY, REPORT))
    others: list[Body] = field(default_factory=list)
    health: HealthRecord = field(default_factory=HealthRecord)

    def look(self) -> tuple[ServerView, Assessment, Neighbours]:
        """The server as a pass sees it."""
        cache, reader = Cache(indexes=INDEXES), Reader()
        stored = (self.pool, self.server, self.pod, self.claim, self.grant, self.report, *self.others)
        for one in stored:
            if one is not None:
                cache.store(deepcopy(one))
        gatherer = Gatherer(cache=cache, reader=reader)
        neighbours = Neighbours(cache=cache, reader=reader, gatherer=gatherer, operator_namespace="system")
        view = gatherer.server(KEY)
        assert view is not None
        in_force = InForce(frozen_weights={}, settled_at=NOW - timedelta(hours=1), health=self.health)
        return view, assess(view, neighbours=neighbours, in_force=in_force, now=NOW), neighbours

    def observed(self, *problems: Problem) -> ServerObserved:
        """The server as its conditions see it."""
        view, assessment, neighbours = self.look()
        return ServerObserved(
            view=view,
            assessment=assessment,
            placement=placement_of(view, neighbours),
            problems=problems,
            lifecycle=LifecycleDecision(Step.RUN),
            pod_state=pod_state(self.pod, now=NOW),
            volume=view.volume,
            weight=assessment.weight.weight,
            homes=waits_for_node(view, neighbours),
        )
