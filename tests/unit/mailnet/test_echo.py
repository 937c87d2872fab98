"""The address echo tells the truth, lies, stalls or refuses, as scripted."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from e2e.mailnet.echo import Echo, parse


@pytest.fixture
async def echo(unused_tcp_port_factory: Callable[[], int]) -> AsyncIterator[Echo]:
    ports = [unused_tcp_port_factory() for _ in range(2)]
    async with Echo(address="127.0.0.1", smtp_port=ports[0], http_port=ports[1]) as server:
        yield server


async def exchanged(port: int, what: bytes) -> str:
    """Everything that comes back until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(what)
    try:
        return (await asyncio.wait_for(reader.read(), 0.5)).decode()
    finally:
        writer.close()


async def by_smtp(echo: Echo) -> str:
    return (await exchanged(echo.smtp_port, b"EHLO mx11\r\nQUIT\r\n")).split("\r\n")[1]


async def by_http(echo: Echo) -> str:
    answer = await exchanged(echo.http_port, b"GET / HTTP/1.1\r\nHost: echo\r\n\r\n")
    assert answer.startswith("HTTP/1.1 200 OK\r\n")
    return answer.partition("\r\n\r\n")[2]


async def test_the_truth(echo: Echo) -> None:
    assert await by_smtp(echo) == "250-echo.mailnet.test Hello mx11 [127.0.0.1]"
    assert await by_http(echo) == "127.0.0.1\n"
    assert echo.status()["asked"] == {"127.0.0.1": 2}


@pytest.mark.parametrize(
    ("sources", "named"), [([], "192.0.2.9"), (["127.0.0.1"], "192.0.2.9"), (["198.51.100.1"], "127.0.0.1")]
)
async def test_a_lie_may_be_meant_for_some(echo: Echo, sources: list[str], named: str) -> None:
    await echo.set(parse({"address": "192.0.2.9", "sources": sources}))
    assert await by_smtp(echo) == f"250-echo.mailnet.test Hello mx11 [{named}]"
    assert await by_http(echo) == f"{named}\n"


async def test_stall(echo: Echo) -> None:
    await echo.set(parse({"stall": True}))
    for ask in (by_smtp, by_http):
        with pytest.raises(TimeoutError):
            await ask(echo)


async def test_refusal_and_back(echo: Echo) -> None:
    await echo.set(parse({"refuse": True}))
    for ask in (by_smtp, by_http):
        with pytest.raises(ConnectionRefusedError):
            await ask(echo)
    await echo.set(parse({}))
    assert await by_http(echo) == "127.0.0.1\n"


async def test_nothing_but_the_address_is_to_be_had(echo: Echo) -> None:
    assert "\r\n550 5.7.1" in await exchanged(echo.smtp_port, b"MAIL FROM:<a@b>\r\nQUIT\r\n")


@pytest.mark.parametrize(
    "document",
    [
        [], {"lie": 1}, {"stall": True, "refuse": True}, {"refuse": True, "sources": ["192.0.2.1"]}, {"stall": False},
        {"address": "nowhere"}, {"address": "192.0.2.1", "sources": "192.0.2.2"}, {"stall": True, "sources": ["x"]},
    ],
)  # fmt: skip
def test_scripts_are_refused(document: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(document)
