"""Puts the agent's parts together: one board, one task for each thing that goes on at the same time."""

from collections.abc import Callable, Mapping
from functools import partial

from prometheus_client import CollectorRegistry, generate_latest

from smtppool.agent import gate, haproxy, http, queue
from smtppool.agent.balancer import Balancer
from smtppool.agent.domaincopy import DomainCopy
from smtppool.agent.domains import DomainBook
from smtppool.agent.egress import EgressWatch
from smtppool.agent.facts import Board
from smtppool.agent.gate import GateKeeper
from smtppool.agent.logmetrics import LogCollector
from smtppool.agent.logreader import LogReader
from smtppool.agent.metrics import FactsCollector, Parts
from smtppool.agent.orders import Follower, grant_source, routing_source
from smtppool.agent.probes import GATE, LOG_READER, Probes, Verdict
from smtppool.agent.queue import Flusher
from smtppool.agent.queuemetrics import QueueCollector
from smtppool.agent.report import Reporter
from smtppool.agent.runtime import Runtime
from smtppool.agent.settings import Settings
from smtppool.agent.supervisor import Beats, Body, supervise
from smtppool.api import names
from smtppool.kube.client import Api

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Agent:
    """All parts of one agent; `run` ends when it is cancelled."""

    def __init__(self, *, settings: Settings, api: Api) -> None:
        paths = settings.paths
        self.settings = settings
        self.board = Board()
        self.beats = Beats()
        self._api = api
        self._registry = CollectorRegistry()
        self._runtime = Runtime(paths.at(names.HAPROXY_SOCKET))
        self._routing = Follower(routing_source(settings, self.board), settings=settings)
        self._grant = Follower(grant_source(settings, self.board), settings=settings)
        self._balancer = Balancer(settings=settings, board=self.board, connection=self._runtime)
        self._flusher = Flusher(paths=paths, board=self.board)
        self._domains = domains = DomainBook()
        self._learned = DomainCopy(domains, paths.at(names.LEARNED_DOMAINS))
        self._queue = QueueCollector()
        self._keeper = GateKeeper(settings=settings, board=self.board, flush=self._flusher.request, domains=domains)
        self._egress = EgressWatch(settings=settings, board=self.board)
        self._log = LogReader(settings=settings, board=self.board, learn=domains.learn)
        self._reporter = Reporter(settings=settings, board=self.board, api=api)
        self._probes = Probes(board=self.board, beats=self.beats, paths=paths)
        parts = Parts(self.beats, self._balancer, self._reporter, self._log.tail, self._connected)
        self._registry.register(FactsCollector(self.board, parts))
        self._registry.register(self._queue)
        self._registry.register(LogCollector(self._log.pipeline.counts, self._log.tail, self._log.pipeline.clock))

    async def run(self) -> None:
        """Start from what the volume holds, then follow everything."""
        self._routing.restore()
        self._grant.restore()
        self._egress.restore()
        self._learned.restore()
        self._log.restore()
        await supervise(self._tasks(), beats=self.beats)

    def _tasks(self) -> Mapping[str, Body]:
        board, paths, beat = self.board, self.settings.paths, self._beat
        return {
            "haproxy": partial(haproxy.follow, self._balancer, board=board, beat=beat("haproxy")),
            "haproxy-watch": partial(haproxy.watch, connection=self._runtime, board=board, lost=self._balancer.forget),
            "routing": partial(self._routing.run, self._api, beat("routing")),
            "routing-copy": self._routing.keep,
            "grant": partial(self._grant.run, self._api, beat("grant")),
            "grant-copy": self._grant.keep,
            "domains-copy": self._learned.keep,
            GATE: partial(gate.follow, self._keeper, board=board, beat=beat(GATE)),
            "egress": partial(self._egress.run, beat("egress")),
            "queue": partial(
                queue.read,
                paths=paths,
                board=board,
                beat=beat("queue"),
                provider_of=self._domains.provider,
                show=self._queue.show,
            ),
            "flush": self._flusher.run,
            LOG_READER: partial(self._log.run, beat(LOG_READER)),
            "report": partial(self._reporter.run, beat("report")),
            "http": partial(http.serve, self._routes(), host="0.0.0.0", port=self.settings.metrics_port),  # noqa: S104
        }

    def _beat(self, task: str) -> Callable[[], None]:
        return partial(self.beats.beat, task)

    def _routes(self) -> http.Routes:
        return {
            "/livez": lambda: _probe(self._probes.livez()),
            "/startupz": lambda: _probe(self._probes.startupz()),
            "/readyz": lambda: _probe(self._probes.readyz()),
            "/metrics": lambda: http.Answer(200, generate_latest(self._registry), METRICS_TYPE),
        }

    def _connected(self) -> bool:
        return self._routing.connected and self._grant.connected


def _probe(verdict: Verdict) -> http.Answer:
    return http.Answer(200 if verdict.ok else 503, f"{verdict.text}\n".encode())
