"""A dialogue on a real socket: pipelining, TLS, and each way to misbehave, as a client sees it."""

import asyncio
import ssl

import pytest

from e2e.mailnet.sink import Sink
from tests.unit.mailnet.given import script

ENVELOPE = b"EHLO me\r\nMAIL FROM:<s@example.com>\r\nRCPT TO:<r@gmail.com>\r\nDATA\r\n"
MESSAGE = b"Message-ID: <m@example.com>\r\n\r\nx\r\n.\r\n"


async def codes(reader: asyncio.StreamReader, count: int) -> list[bytes]:
    """The codes of the next replies."""
    found: list[bytes] = []
    async with asyncio.timeout(5):
        while len(found) < count:
            line = await reader.readline()
            if not line or line[3:4] == b" ":
                found.append(line[:3])
    return found


@pytest.mark.parametrize("step", [1, 7, 4096])
async def test_pipelined_and_fragmented_input(port: int, google: Sink, step: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    wire = ENVELOPE + MESSAGE + b"QUIT\r\n"
    for start in range(0, len(wire), step):
        writer.write(wire[start : start + step])
        await writer.drain()
    assert await codes(reader, 8) == [b"220", b"250", b"250", b"250", b"354", b"250", b"221", b""]
    assert [event.message_id for event in google.log.events] == ["<m@example.com>"]
    writer.close()


async def test_tls(port: int, google: Sink) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"EHLO me\r\nSTARTTLS\r\n")
    assert await codes(reader, 3) == [b"220", b"250", b"220"]
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    await writer.start_tls(trusting)
    writer.write(ENVELOPE + MESSAGE)
    assert await codes(reader, 5) == [b"250", b"250", b"250", b"354", b"250"]
    assert [event.tls for event in google.log.events] == [True]
    writer.close()


async def test_what_is_sent_before_tls_is_forgotten(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"EHLO me\r\nSTARTTLS\r\nEHLO injected\r\n")
    assert await codes(reader, 3) == [b"220", b"250", b"220"]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.readline(), 0.2)
    writer.close()


@pytest.mark.parametrize(("at", "answered"), [("connect", 0), ("data", 4), ("eom", 5)])
async def test_stalls(port: int, google: Sink, at: str, answered: int) -> None:
    script(google, {"at": at, "stall": True})
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(ENVELOPE + MESSAGE)
    assert len(await codes(reader, answered)) == answered
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.readline(), 0.2)
    assert [event.outcome for event in google.log.events] == ["stalled"]
    writer.close()


async def test_close_after_the_message(port: int, google: Sink) -> None:
    script(google, {"at": "eom", "close": True})
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(ENVELOPE + MESSAGE)
    assert await codes(reader, 6) == [b"220", b"250", b"250", b"250", b"354", b""]
    assert [event.outcome for event in google.log.events] == ["closed"]
    writer.close()


async def test_banner_delay(port: int, google: Sink) -> None:
    script(google, {"at": "connect", "delay": "300ms"})
    began = asyncio.get_running_loop().time()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"QUIT\r\n")
    assert await codes(reader, 2) == [b"220", b"221"]
    assert 0.3 <= asyncio.get_running_loop().time() - began < 2
    writer.close()


async def test_421_ends_the_session(port: int, google: Sink) -> None:
    script(google, {"at": "mail", "reply": "rate"})
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(ENVELOPE)
    assert await codes(reader, 4) == [b"220", b"250", b"421", b""]
    writer.close()


async def test_a_line_without_end_is_cut_off(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"x" * 5000)
    assert await codes(reader, 3) == [b"220", b"421", b""]
    writer.close()


async def test_a_client_that_leaves_amid_a_message_is_recorded_and_counted(port: int, google: Sink) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(ENVELOPE + b"Subject: half")
    await codes(reader, 5)
    assert google.connections()["127.0.0.1"] == (1, 1, 1)
    writer.transport.abort()
    async with asyncio.timeout(5):
        while not google.log.events:  # noqa: ASYNC110 - the other side has no event to wait for
            await asyncio.sleep(0.01)
    assert [(event.outcome, event.recipient) for event in google.log.events] == [("dropped", "r@gmail.com")]
    assert google.connections()["127.0.0.1"] == (1, 0, 1)
