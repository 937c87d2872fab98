"""A web server for four paths: probes and metrics, plain GET, one request per connection.

A framework would cost more memory than the rest of the agent's own code.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

TIMEOUT: Final = 5.0
REQUEST_LIMIT: Final = 8192
PHRASES: Final = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


class Answer(NamedTuple):
    """Status, type and body."""

    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


Routes = Mapping[str, Callable[[], Answer]]


async def serve(routes: Routes, *, host: str, port: int) -> None:
    """Answer until cancelled."""
    server = await asyncio.start_server(_handler(routes), host, port, limit=REQUEST_LIMIT)
    async with server:
        await server.serve_forever()


def _handler(routes: Routes) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], "asyncio.Future[None]"]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(render(answer(head, routes)))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client went away, was too slow, or sent no request
        finally:
            writer.close()

    return handle  # type: ignore[return-value]


def answer(head: bytes, routes: Routes) -> Answer:
    """The answer to a request head."""
    method, _, rest = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
    path = rest.partition(" ")[0].partition("?")[0]
    if method != "GET":
        return Answer(405, b"GET only\n")
    route = routes.get(path)
    return route() if route is not None else Answer(404, b"no such path\n")


def render(reply: Answer) -> bytes:
    """The reply as it goes over the wire."""
    head = (
        f"HTTP/1.1 {reply.status} {PHRASES[reply.status]}\r\nContent-Type: {reply.content_type}\r\n"
        f"Content-Length: {len(reply.body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + reply.body
