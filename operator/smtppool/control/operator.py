"""The operator put together: watches, then a complete cache, then workers; all end together."""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from smtppool.api.names import Key
from smtppool.control import egress, plan, routing, scoring
from smtppool.control.context import Context, Queues
from smtppool.control.dispatch import Dispatcher
from smtppool.control.metrics import Metrics
from smtppool.control.neighbours import INDEXES, Neighbours
from smtppool.control.pool import PoolWorker
from smtppool.control.reading import Reader
from smtppool.control.server import ServerWorker
from smtppool.control.settings import Settings
from smtppool.control.view import Gatherer
from smtppool.control.watching import SOURCES, watch
from smtppool.kube.apply import Writer
from smtppool.kube.cache import Cache
from smtppool.kube.client import Api
from smtppool.kube.errors import ApiError, UnavailableError, WebhookError
from smtppool.kube.events import Recorder
from smtppool.kube.kinds import SMTP_POOL, Body, key_of, kind_of
from smtppool.kube.marks import Marker
from smtppool.kube.prime import prime, resync
from smtppool.kube.queue import Queue
from smtppool.kube.status import StatusWriter

logger = logging.getLogger(__name__)
K = TypeVar("K")
PRIME_PAUSE = 0.5
RESYNC_SECONDS = 600.0  # for what a watch that had to begin again did not tell


class Operator:
    """One leader's life."""

    def __init__(self, *, settings: Settings, api: Api, metrics: Metrics) -> None:
        self._api = api
        self._metrics = metrics
        self._context = _context(settings, api)
        self._context.queues = self._queues()
        self._dispatcher = Dispatcher(self._context)
        self.ready = False

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. Raises when one of the parts fails: the process starts anew then."""
        watching = asyncio.create_task(watch(self._observe, stop=stop), name="watches")
        working = asyncio.create_task(self._work(), name="workers")
        stopping = asyncio.create_task(stop.wait(), name="stopping")
        try:
            await asyncio.wait({watching, working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._set_ready(ready=False)
            stop.set()
            working.cancel()
            await asyncio.wait({working, watching}, timeout=10)
        for task in (watching, working):
            if task.done() and not task.cancelled():
                task.result()

    async def _work(self) -> None:
        await self._prime()
        gc.freeze()  # what lives as long as the process is not looked through again and again
        self._context.unsettle()
        await self._score()
        self._dispatcher.everything()
        async with asyncio.TaskGroup() as group:
            for queue in vars(self._context.queues).values():
                group.create_task(queue.run())
            group.create_task(self._resync(), name="resync")
            self._set_ready(ready=True)
            logger.info("the cache is complete, passes run")

    async def _score(self) -> None:
        """Before any status tells the scores: a restart must not first take them away and then write them again."""
        for key in map(key_of, self._context.cache.all(SMTP_POOL)):
            try:
                await scoring.pass_health(self._context, key)
            except Exception as error:  # noqa: BLE001 - the queue tries it again, and the others must start
                logger.warning("first look at the health of %s: %r", key, error)

    async def _prime(self) -> None:
        """An API server that has just started asks for patience."""
        while True:
            try:
                return await prime(self._api, self._context.cache, SOURCES)
            except UnavailableError as error:
                logger.warning("the first lists: %s", error)
                await asyncio.sleep(max(error.retry_after, PRIME_PAUSE))

    async def _resync(self) -> None:
        while True:
            await asyncio.sleep(RESYNC_SECONDS)
            try:
                changed = await resync(self._api, self._context.cache, SOURCES)
            except ApiError as error:
                logger.warning("resync: %s", error)
                self._dispatcher.everything()  # what it found before is in the cache, and no news the next time
                continue
            if changed:
                logger.warning("resync found %d changes that no watch had told", len(changed))
                self._dispatcher.everything()

    def _observe(self, event_type: str | None, body: Body) -> None:
        self._metrics.events.labels(kind_of(body).name).inc()
        self._dispatcher.observe(event_type, body)

    def _set_ready(self, *, ready: bool) -> None:
        self.ready = ready
        self._metrics.ready.set(ready)

    def _queues(self) -> Queues:
        context = self._context
        servers, pools = ServerWorker(context), PoolWorker(context)
        return Queues(
            routing=Queue(self._pass("routing", lambda key: routing.pass_routing(context, key)), name="routing"),
            health=Queue(self._pass("health", lambda key: scoring.pass_health(context, key)), name="health", workers=2),
            pools=Queue(self._pass("pools", pools.run), name="pools"),
            servers=Queue(self._pass("servers", servers.run), name="servers", workers=16),
            plans=Queue(self._pass("plans", lambda key: plan.pass_plan(context, key)), name="plans", workers=2),
            nodes=Queue(self._pass("nodes", lambda node: egress.pass_node(context, node)), name="nodes", workers=4),
        )

    def _pass(self, name: str, work: Callable[[K], Awaitable[float | None]]) -> Callable[[K], Awaitable[float | None]]:
        """Measured; and what kept us from writing is remembered, as agents could not report either."""

        async def passed(key: K) -> float | None:
            try:
                return await work(key)
            except WebhookError:
                self._context.unsettle_in(key.namespace if isinstance(key, Key) else "")
                raise
            except UnavailableError:
                self._context.unsettle()
                raise

        return self._metrics.timed(name, passed)


def _context(settings: Settings, api: Api) -> Context:
    cache, reader = Cache(indexes=INDEXES), Reader()
    gatherer = Gatherer(cache=cache, reader=reader)
    return Context(
        settings=settings,
        api=api,
        cache=cache,
        reader=reader,
        gatherer=gatherer,
        neighbours=Neighbours(
            cache=cache, reader=reader, gatherer=gatherer, operator_namespace=settings.operator_namespace
        ),
        writer=Writer(api=api, cache=cache),
        marker=Marker(api=api, cache=cache),
        statuses=StatusWriter(api=api, cache=cache),
        recorder=Recorder(api=api),
    )
