"""Between the operator and the API server: kills it after a chosen write, which is done and of which it never hears.

Watching objects from outside would see a write late or never. Here writes pass one at a time, so none follows the
chosen one, and all that the operator had begun to send besides is thrown away, as with a machine that dies.
"""

import asyncio
import json
import os
import signal
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from aiohttp import ClientSession, ClientTimeout, TCPConnector, web
from multidict import CIMultiDict
from yarl import URL

from e2e.cluster.controlplane import ControlPlane

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_OF_ONE_HOP = frozenset({"host", "connection", "keep-alive", "transfer-encoding", "content-length"})
_START = 10.0

Due = Callable[[Sequence[str]], bool]
"""Whether the last of these writes is the one."""


def never(writes: Sequence[str]) -> bool:
    """Only count."""
    return False


class Between:
    """`with Between(plane) as between:`. Runs in a thread: tests block while an operator starts."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="between", daemon=True)
        self._up, self._down = threading.Event(), asyncio.Event()
        self._port = 0
        self._victim: int | None = None
        self._due: Due = never
        self._transports: set[asyncio.Transport] = set()
        self.writes: list[str] = []  # since it was armed
        self._last_at = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._up.wait(_START), "the proxy did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._down.set)
        self._thread.join(_START)
        assert not self._thread.is_alive(), "the proxy did not end"

    def kubeconfig(self, direct: Path) -> Path:
        """The same rights, by this way."""
        content = json.loads(direct.read_text())
        content["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{self._port}"}
        path = direct.with_suffix(".between")
        path.touch(mode=0o600)
        path.write_text(json.dumps(content))
        return path

    def arm(self, pid: int, due: Due) -> None:
        """Count anew, and kill that process after the write that is due."""
        self.writes = []
        self._due, self._victim = due, pid

    def disarm(self) -> None:
        """No kill from now on."""
        self._victim = None

    @property
    def armed(self) -> bool:
        """The kill has not happened yet."""
        return self._victim is not None

    @property
    def quiet(self) -> float:
        """Seconds since the last write."""
        return time.monotonic() - self._last_at

    def _serve(self) -> None:
        self._loop.run_until_complete(self._run())
        self._loop.close()

    async def _run(self) -> None:
        self._one = asyncio.Lock()
        trusted = ssl.create_default_context(cafile=self._plane.authority)
        trusted.verify_flags &= ~ssl.VERIFY_X509_STRICT
        connector, patience = TCPConnector(ssl=trusted, limit=0), ClientTimeout(total=None)
        async with ClientSession(connector=connector, timeout=patience, auto_decompress=False) as self._session:
            app = web.Application(client_max_size=0)
            app.router.add_route("*", "/{path:.*}", self._pass)
            runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self._port = runner.addresses[0][1]
            self._up.set()
            await self._down.wait()
            await runner.cleanup()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        transport = request.transport
        assert transport is not None
        self._transports.add(transport)
        body = await request.read()
        if request.method not in WRITES:
            return await self._forward(request, body)
        async with self._one:
            if transport.is_closing():
                raise web.HTTPServiceUnavailable
            return await self._forward(request, body)

    async def _forward(self, request: web.Request, body: bytes) -> web.StreamResponse:
        url = URL(f"{self._plane.server}{request.raw_path}", encoded=True)
        sent = self._session.request(request.method, url, headers=_end_to_end(request.headers), data=body or None)
        async with sent as answer:
            headers = _end_to_end(answer.headers)
            if request.method in WRITES:
                content = await answer.read()
                self._written(_label(request, body))
                return web.Response(status=answer.status, headers=headers, body=content)
            response = web.StreamResponse(status=answer.status, headers=headers)
            await response.prepare(request)
            with suppress(ConnectionResetError):  # a watcher that was killed
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
                await response.write_eof()
            return response

    def _written(self, label: str) -> None:
        self.writes.append(label)
        self._last_at = time.monotonic()
        if self._victim is None or not self._due(self.writes):
            return
        os.kill(self._victim, signal.SIGKILL)
        for transport in self._transports:
            transport.abort()
        self._transports.clear()
        self._victim = None


def _end_to_end(headers: Mapping[str, str]) -> CIMultiDict[str]:
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in _OF_ONE_HOP)


def _label(request: web.Request, body: bytes) -> str:
    """`PATCH smtpservers/mx1/status`; of an Event, whose name is a digest, what it says about whom."""
    where = request.path.partition("/namespaces/")[2].partition("/")[2]
    if request.method != "POST":
        return f"{request.method} {where}"
    made = json.loads(body)
    if made["kind"] == "Event":
        return f"Event {made['reason']} about {made['involvedObject']['name']}"
    return f"POST {where}/{made['metadata'].get('name', '')}"
