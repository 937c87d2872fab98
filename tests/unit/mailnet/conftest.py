"""A sink without and with a socket, and a clock that the test moves."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from e2e.mailnet.certificate import server_context
from e2e.mailnet.dialogue import Dialogue
from e2e.mailnet.events import EventLog
from e2e.mailnet.session import Session
from e2e.mailnet.sink import Sink, Sinks
from e2e.mailnet.wire import Wire
from tests.unit.mailnet.given import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sinks(clock: Clock) -> Sinks:
    return Sinks(EventLog(), clock=clock)


@pytest.fixture
def google(sinks: Sinks) -> Sink:
    return sinks.by_name["google"]


@pytest.fixture
def dialogue(google: Sink) -> Dialogue:
    session = Session(sink=google, source="198.51.100.11", number=1)
    return Dialogue(session=session, route=lambda domain: google if domain in google.provider.domains else None)


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return server_context(Path(tmp_path_factory.mktemp("tls")), name="mailnet.test")


@pytest.fixture
async def port(google: Sink, tls: ssl.SSLContext) -> AsyncIterator[int]:
    """A listening sink that takes mail for every domain."""

    def begin(source: str) -> Dialogue:
        google.opened(source)
        return Dialogue(session=Session(sink=google, source=source, number=1), route=lambda _: google)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Wire(begin=begin, ended=google.closed, tls=tls), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
