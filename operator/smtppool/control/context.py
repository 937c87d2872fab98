"""What every worker has in its hands: the cache and its views, the writers, the clock, and the bell of the queues."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from smtppool.api.health_record import HealthRecord
from smtppool.api.names import Key, health_name
from smtppool.control.assess import Assessment, InForce, assess
from smtppool.control.entries import Assessed
from smtppool.control.frozen import frozen_weights
from smtppool.control.neighbours import Neighbours
from smtppool.control.pods import LastPod
from smtppool.control.reading import Reader
from smtppool.control.scored import Scored
from smtppool.control.settings import Settings
from smtppool.control.undecided import assess_each
from smtppool.control.view import Gatherer, ServerView
from smtppool.kube.apply import Writer
from smtppool.kube.cache import Cache
from smtppool.kube.client import Api
from smtppool.kube.events import Recorder
from smtppool.kube.kinds import CONFIG_MAP
from smtppool.kube.marks import Marker
from smtppool.kube.queue import Queue
from smtppool.kube.status import StatusWriter

SETTLING = timedelta(seconds=60)  # for agents to report again after the API server, or we, were away


def utc_now() -> datetime:
    """The operator's clock."""
    return datetime.now(UTC)


@dataclass
class Queues:
    """The keyed queues; filled in at start."""

    routing: Queue[Key]
    health: Queue[Key]
    pools: Queue[Key]
    servers: Queue[Key]
    plans: Queue[Key]
    nodes: Queue[str]


@dataclass
class Context:
    """Made once at start. Before `settled_at`, missing reports prove nothing; `settling` adds to that by namespace."""

    settings: Settings
    api: Api
    cache: Cache
    reader: Reader
    gatherer: Gatherer
    neighbours: Neighbours
    writer: Writer
    marker: Marker
    statuses: StatusWriter
    recorder: Recorder
    last_pods: dict[tuple[Key, str], LastPod] = field(default_factory=dict)  # by server and its uid
    clock: Callable[[], datetime] = utc_now
    settled_at: datetime = field(default_factory=lambda: utc_now() + SETTLING)
    settling: dict[str, datetime] = field(default_factory=dict)
    scored: dict[Key, Scored] = field(default_factory=dict)  # by pool
    silent: dict[Key, frozenset[str]] = field(default_factory=dict)  # by pool: addresses of pods that answer nobody
    failing: dict[str, str] = field(default_factory=dict)  # by server uid: why nothing can be decided about it
    queues: Queues = field(init=False)

    def unsettle(self) -> None:
        """The API server was away: agents could not report."""
        self.settled_at = self.clock() + SETTLING

    def unsettle_in(self, namespace: str) -> None:
        """Writes are held up in one namespace: its agents may not have been able to report."""
        now = self.clock()
        self.settling = {other: end for other, end in self.settling.items() if end > now} | {namespace: now + SETTLING}

    def in_force(self, pool: Key, *, weights: Mapping[str, int] | None = None) -> InForce:
        """What decisions of before have left in a pool; `weights` in the place of the frozen ones."""
        return InForce(
            frozen_weights=frozen_weights(self.cache, pool) if weights is None else weights,
            settled_at=max(self.settled_at, self.settling.get(pool.namespace, self.settled_at)),
            health=self.health_record(pool),
        )

    def health_record(self, pool: Key) -> HealthRecord:
        """As the API server has it."""
        body = self.cache.get(CONFIG_MAP, Key(pool.namespace, health_name(pool.name)))
        return self.reader.health(body) or HealthRecord()

    def assess(self, view: ServerView) -> Assessment:
        """All decisions on one server now."""
        return assess(view, neighbours=self.neighbours, in_force=self.in_force(view.pool_key), now=self.clock())

    def assess_members(
        self, views: Sequence[ServerView], *, weights: Mapping[str, int] | None = None
    ) -> list[Assessed]:
        """The same on all members of a pool at one moment; one of which the decision fails stops no other."""
        if not views:
            return []
        in_force, now = self.in_force(views[0].pool_key, weights=weights), self.clock()
        decide = partial(assess, neighbours=self.neighbours, in_force=in_force, now=now)
        return assess_each(views, decide, failing=self.failing)
