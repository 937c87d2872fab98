"""Probes of the node program on 127.0.0.1: it shares the node's network, so nothing listens outside."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from smtppool.node.program import NodeProgram


@asynccontextmanager
async def serve_health(program: NodeProgram, *, port: int) -> AsyncIterator[None]:
    """`/livez`: looks happen. `/readyz`: the last one found the rules in force."""

    async def livez(_: web.Request) -> web.Response:
        return web.Response(text="ok") if program.alive else web.Response(text="no look for too long", status=503)

    async def readyz(_: web.Request) -> web.Response:
        return web.Response(text="ok") if program.error is None else web.Response(text=program.error, status=503)

    app = web.Application()
    app.add_routes([web.get("/livez", livez), web.get("/readyz", readyz)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield
    finally:
        await runner.cleanup()
