"""/livez, /readyz and /metrics on one port. Live: the event loop turns. Ready: passes run, or another replica leads."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from smtppool.control.metrics import Metrics

Answer = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def serve(metrics: Metrics, *, port: int, is_ready: Callable[[], bool]) -> AsyncIterator[int]:
    """Serves as long as the block runs; yields the port, which the system chooses for 0."""
    application = web.Application()
    application.add_routes(
        [
            web.get("/livez", _live),
            web.get("/readyz", _readiness(is_ready)),
            web.get("/metrics", _metrics(metrics)),
        ]
    )
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "0.0.0.0", port)  # noqa: S104 - the pod's own address
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def _live(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


def _readiness(is_ready: Callable[[], bool]) -> Answer:
    async def ready(_: web.Request) -> web.Response:
        good = is_ready()
        return web.Response(text="ok\n" if good else "not ready\n", status=200 if good else 503)

    return ready


def _metrics(metrics: Metrics) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return answer
