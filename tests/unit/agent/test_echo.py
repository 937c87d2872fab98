"""What the egress check makes of the answers of a host: all kinds of good and bad ones."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from smtppool.agent import echo


@asynccontextmanager
async def host(answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


def smtp(greeting: str, reply: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting.encode())
        if not greeting:
            return
        line = await reader.readline()
        if line:
            assert line == b"EHLO mx1.example.com\r\n"
            writer.write(reply.encode())
            await reader.readline()

    return answer


def http(text: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert (await reader.readline()).startswith(b"GET /ip HTTP/1.")
        writer.write(text.encode())

    return answer


GOOD_SMTP = {
    "one line": ("220 echo\r\n", "250 echo hello [198.51.100.7]\r\n"),
    "many lines": ("220-echo\r\n220 echo\r\n", "250-echo\r\n250-hi x [198.51.100.7], pleased\r\n250 SIZE\r\n"),
}
BAD_SMTP = {
    "busy": ("421 busy\r\n", "", "expected 220"),
    "closed": ("", "", "expected 220"),
    "no address": ("220 echo\r\n", "250 hello\r\n", "no [address]"),
    "not an address": ("220 echo\r\n", "250 hello [198.51.100.777]\r\n", "no [address]"),
    "refused": ("220 echo\r\n", "550 no\r\n", "expected 250"),
    "endless line": ("220 " + "x" * 100_000, "", "127.0.0.1"),
    "endless reply": ("220 echo\r\n", "250-x\r\n" * 10_000, "no [address]"),
}


@pytest.mark.parametrize(("greeting", "reply"), GOOD_SMTP.values(), ids=GOOD_SMTP)
async def test_smtp(greeting: str, reply: str) -> None:
    async with host(smtp(greeting, reply)) as port:
        address = await echo.source_address(f"smtp://127.0.0.1:{port}", hostname="mx1.example.com")
    assert address == "198.51.100.7"


@pytest.mark.parametrize(("greeting", "reply", "error"), BAD_SMTP.values(), ids=BAD_SMTP)
async def test_bad_smtp(greeting: str, reply: str, error: str) -> None:
    async with host(smtp(greeting, reply)) as port:
        with pytest.raises(echo.EchoError, match=error.replace("[", r"\[")):
            await echo.source_address(f"smtp://127.0.0.1:{port}", hostname="mx1.example.com")


@pytest.mark.parametrize(("source", "seen"), [(None, "127.0.0.1"), ("127.0.0.77", "127.0.0.77")])
async def test_the_check_leaves_from_where_mail_does(source: str | None, seen: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\n\r\n{writer.get_extra_info('peername')[0]}\n".encode())

    async with host(answer) as port:
        assert await echo.source_address(f"http://127.0.0.1:{port}/", hostname="x.example", source=source) == seen


async def test_an_address_that_the_node_does_not_hold_is_an_error() -> None:
    async with host(http("HTTP/1.1 200 OK\r\n\r\n198.51.100.7\n")) as port:
        with pytest.raises(echo.EchoError):
            await echo.source_address(f"http://127.0.0.1:{port}/ip", hostname="x.example", source="198.51.100.77")


async def test_http() -> None:
    async with host(http("HTTP/1.1 200 OK\r\n\r\n198.51.100.7\n")) as port:
        assert await echo.source_address(f"http://127.0.0.1:{port}/ip", hostname="x.example") == "198.51.100.7"


@pytest.mark.parametrize(
    "text", ["HTTP/1.1 503 no\r\n\r\n198.51.100.7", "HTTP/1.1 200 OK\r\n\r\nnothing", "198.51.100.7", ""]
)
async def test_bad_http(text: str) -> None:
    async with host(http(text)) as port:
        with pytest.raises(echo.EchoError):
            await echo.source_address(f"http://127.0.0.1:{port}/ip", hostname="x.example")


SECRET = "AKIA-of-the-cloud"
TELLING = {
    "smtp banner": (f"SSH-2.0 {SECRET}\r\n", "smtp://127.0.0.1:{}", "expected 220, got something else"),
    "smtp code": (f"554 {SECRET}\r\n", "smtp://127.0.0.1:{}", "expected 220, got 554"),
    "http body": (f"HTTP/1.1 200 OK\r\n\r\n{SECRET}", "http://127.0.0.1:{}/latest/meta-data", "no address in the body"),
    "http status": (f"HTTP/1.1 403 {SECRET}\r\n\r\n", "http://127.0.0.1:{}/", "expected status 200, got 403"),
    "no http": (f"{SECRET}\r\n\r\n", "http://127.0.0.1:{}/", "expected status 200, got something else"),
}


@pytest.mark.parametrize(("text", "endpoint", "says"), TELLING.values(), ids=TELLING)
async def test_an_error_repeats_nothing_of_the_answer(text: str, endpoint: str, says: str) -> None:
    """Errors end in a status; an endpoint may be any host that the pod reaches."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text.encode())
        if endpoint.startswith("http"):
            await reader.readline()

    async with host(answer) as port:
        with pytest.raises(echo.EchoError) as caught:
            await echo.source_address(endpoint.format(port), hostname="mx1.example.com")
    assert str(caught.value) == says


async def test_a_host_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(echo, "TIMEOUT", 0.1)
    silent = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silent.wait()

    async with host(answer) as port:
        with pytest.raises(echo.EchoError, match="no answer"):
            await echo.source_address(f"smtp://127.0.0.1:{port}", hostname="mx1.example.com")
        silent.set()
