"""What a watch says without a change, and one that breaks in the middle of a line: one more error of the API server."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from kubernetes.aio.client import ApiClient, Configuration

from smtppool.api.names import Key
from smtppool.kube.client import Api
from smtppool.kube.errors import UnavailableError
from smtppool.kube.kinds import CONFIG_MAP, Body
from smtppool.kube.watch import follow

EVENT = b'{"type":"MODIFIED","object":{"metadata":{"resourceVersion":"2"}}}\n'


class Server:
    """Lists one object; its watch gives these lines."""

    def __init__(self, *lines: bytes | Exception) -> None:
        self._lines = lines

    async def list(self, *_: object, **__: object) -> tuple[list[Body], str]:
        return [{"metadata": {"resourceVersion": "1"}}], "1"

    async def stream(self, *_: object, **__: object) -> AsyncIterator[bytes]:
        for line in self._lines:
            if isinstance(line, Exception):
                raise line
            yield line

    def path(self, *_: object) -> str:
        return "/api/v1/namespaces/mail/configmaps"


@pytest.mark.parametrize(
    "last", [EVENT[:20], b"\xff\n", ValueError("Chunk too big")], ids=["cut", "no text", "too long"]
)
async def test_a_broken_line(last: bytes | Exception) -> None:
    server: Any = Server(EVENT, last)
    bodies = follow(server, CONFIG_MAP, Key("mail", "mx1-grant"))
    versions = [(body or {})["metadata"]["resourceVersion"] for body in (await anext(bodies), await anext(bodies))]
    assert versions == ["1", "2"]
    with pytest.raises(UnavailableError, match="watch configmaps mx1-grant"):
        await anext(bodies)


CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(("ending", "broken"), [(b"0\r\n\r\n", False), (b"", True)], ids=["in order", "cut off"])
async def test_an_end_in_order_is_told_from_a_lost_connection(ending: bytes, broken: bool) -> None:
    """As the client library has it: only the first says that nothing more has happened."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(CHUNKED + b"%x\r\n%s\r\n" % (len(EVENT), EVENT) + ending)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    configuration = Configuration(host=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    seen = []
    async with server, ApiClient(configuration) as client:
        try:
            async for line in Api(client).stream("/watch", seconds=5):
                seen.append(line)  # noqa: PERF401 - what came before the end counts
        except UnavailableError:
            assert broken
        else:
            assert not broken
    assert seen == [EVENT]


BOOKMARK = b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"3"}}}\n'
DELETED = b'{"type":"DELETED","object":{"metadata":{"resourceVersion":"4"}}}\n'


@pytest.mark.parametrize(
    ("lines", "versions"),
    [
        ([], ["1", "1"]),
        ([BOOKMARK], ["1", "1", "1"]),
        ([EVENT, BOOKMARK], ["1", "2", "2", "2"]),
        ([DELETED, BOOKMARK], ["1", None, None, None]),
    ],
    ids=["an end", "a bookmark", "a bookmark after a change", "a bookmark after the deletion"],
)
async def test_what_has_not_changed_is_confirmed(lines: list[bytes], versions: list[str | None]) -> None:
    """One more at the end: the server ends each watch in order, and the next one begins."""
    server: Any = Server(*lines)
    bodies = follow(server, CONFIG_MAP, Key("mail", "mx1-grant"))
    seen = [await anext(bodies) for _ in versions]
    assert [body and body["metadata"]["resourceVersion"] for body in seen] == versions
    await bodies.aclose()  # type: ignore[attr-defined]


async def test_a_broken_connection_confirms_nothing() -> None:
    server: Any = Server(UnavailableError("reset"))
    bodies = follow(server, CONFIG_MAP, Key("mail", "mx1-grant"))
    await anext(bodies)
    with pytest.raises(UnavailableError, match="reset"):
        await anext(bodies)


async def test_watches_that_end_at_once_are_not_begun_again_without_rest() -> None:
    """As behind a proxy that lets nothing stand: each agent would ask as fast as it can."""
    server: Any = Server()
    bodies = follow(server, CONFIG_MAP, Key("mail", "mx1-grant"))
    assert [await anext(bodies) for _ in range(2)]
    with pytest.raises(UnavailableError, match="ended at once"):
        await anext(bodies)
