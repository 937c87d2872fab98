"""Opens the sinks' listeners: one per provider on its own address, or one for all on the pod's own."""

import asyncio
import itertools
import ssl
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Self

from e2e.mailnet.dialogue import Dialogue, Route
from e2e.mailnet.providers import ANY, PROVIDERS
from e2e.mailnet.session import Session
from e2e.mailnet.sink import Sink, Sinks
from e2e.mailnet.wire import Wire

_BACKLOG = 1024


class Exchange:
    """The listeners of this mailnet; used as an async context, closed with it."""

    def __init__(self, *, sinks: Sinks, tls: ssl.SSLContext, pod_address: str | None, port: int = 25) -> None:
        self._sinks = sinks
        self._tls = tls
        self._pod_address = pod_address
        self._port = port
        self._numbers: Iterator[int] = itertools.count(1)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        if self._pod_address is not None:
            await self._listen(self._pod_address, self._sinks.by_name[ANY.name], self._sinks.hosting)
            return self
        for provider in PROVIDERS:
            sink = self._sinks.by_name[provider.name]
            await self._listen(provider.address, sink, self._only(sink))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _listen(self, address: str, sink: Sink, route: Route) -> None:
        def wire() -> Wire:
            return Wire(begin=lambda source: self._begin(sink, source, route), ended=sink.closed, tls=self._tls)

        server = await asyncio.get_running_loop().create_server(wire, address, self._port, backlog=_BACKLOG)
        self._stack.callback(server.close)

    def _begin(self, sink: Sink, source: str, route: Route) -> Dialogue:
        sink.opened(source)
        return Dialogue(session=Session(sink=sink, source=source, number=next(self._numbers)), route=route)

    def _only(self, sink: Sink) -> Route:
        """A provider with an address of its own takes mail for its domains alone."""
        return lambda domain: sink if domain in sink.provider.domains else None
