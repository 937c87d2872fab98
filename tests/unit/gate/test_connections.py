"""The gate over real sockets: replies in order, a broken stream answered before it is closed, a polite busy server."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from smtppool.gate import busy
from smtppool.gate.busy import BusySession
from smtppool.gate.connections import BROKEN_POLICY, BROKEN_SOCKETMAP, control, policy, socketmap
from smtppool.gate.service import Gate

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
TABLE = {"lanes": "Open", "submission": {"allowedNetworks": ["10.0.0.0/8"], "maxMessageSize": 9, "maxRecipients": 3}}
RCPT = b"request=smtpd_access_policy\nprotocol_state=RCPT\npolicy_context=submission\nclient_address=10.1.1.1\n\n"
TIMEOUT = 5


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    (tmp_path / "gate.json").write_text(json.dumps(TABLE))
    opened = Gate(tmp_path / "gate.json")
    opened.reload()
    return opened


async def connect(path: Path, factory: Callable[[], asyncio.Protocol]) -> AsyncIterator[Stream]:
    """A client of a server that `factory` makes; both are closed at the end."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    server = await asyncio.get_running_loop().create_server(factory, sock=listener)
    reader, writer = await asyncio.open_unix_connection(str(path))
    yield reader, writer
    writer.close()
    server.close()


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Stream]:
    async for stream in connect(tmp_path / "busy.sock", BusySession):
        yield stream


async def said(stream: Stream, words: bytes, *, until: bytes = b"\r\n") -> bytes:
    stream[1].write(words)
    return await asyncio.wait_for(stream[0].readuntil(until), TIMEOUT)


async def test_policy_answers_in_order(tmp_path: Path, gate: Gate) -> None:
    async for stream in connect(tmp_path / "s", partial(policy, gate)):
        stream[1].write(RCPT + b"junk\n\n" + RCPT)
        replies = [await said(stream, b"", until=b"\n\n") for _ in range(3)]
        assert [reply[:10] for reply in replies] == [b"action=OK\n", b"action=451", b"action=OK\n"]


@pytest.mark.parametrize(
    ("connection", "stream_", "last_word"),
    [
        (policy, b"a" * 70_000, BROKEN_POLICY),
        (socketmap, b"GET / HTTP/1.1\r\n", BROKEN_SOCKETMAP),
        (control, b"a" * 300, b"error line too long\n"),
    ],
)
async def test_a_broken_stream_is_answered_then_closed(
    tmp_path: Path, gate: Gate, connection: Callable[[Gate], asyncio.Protocol], stream_: bytes, last_word: bytes
) -> None:
    async for reader, writer in connect(tmp_path / "s", partial(connection, gate)):
        writer.write(stream_)
        assert await asyncio.wait_for(reader.read(), TIMEOUT) == last_word


async def test_control(tmp_path: Path, gate: Gate) -> None:
    async for stream in connect(tmp_path / "s", partial(control, gate)):
        assert (await said(stream, b"reload\n", until=b"\n")).startswith(b"ok ")
        assert json.loads(await said(stream, b"status\n", until=b"\n"))["lanes"] == "Open"


async def test_busy_session(client: Stream) -> None:
    assert await said(client, b"") == busy.GREETING
    for command, reply in [
        (b"EHLO client.example\r\n", busy.HELLO),
        (b"helo client.example\n", busy.HELLO),
        (b"MAIL FROM:<a@example.com>\r\n", busy.DEFERRED),
        (b"rcpt to:<b@example.com>\r\n", busy.DEFERRED),
        (b"DATA\r\n", busy.DEFERRED),
        (b"RSET\r\n", busy.OKAY),
        (b"NOOP\r\n", busy.OKAY),
        (b"STARTTLS\r\n", busy.UNKNOWN),
        (b"\x16\x03\x01\x00\r\n", busy.UNKNOWN),
        (b"\r\n", busy.UNKNOWN),
        (b"x" * 10_000 + b"\r\n", busy.TOO_LONG),
        (b"MAIL FROM:<>\r\n", busy.DEFERRED),
        (b"QUIT\r\n", busy.GOODBYE),
    ]:
        assert await said(client, command) == reply, command[:40]
    assert await asyncio.wait_for(client[0].read(), TIMEOUT) == b""


async def test_busy_answers_every_line_of_a_pipeline(client: Stream) -> None:
    client[1].write(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.c>\r\nDATA\r\nQUIT\r\nNOOP\r\n")
    everything = await asyncio.wait_for(client[0].read(), TIMEOUT)
    assert everything == busy.GREETING + busy.HELLO + 3 * busy.DEFERRED + busy.GOODBYE


async def test_busy_takes_a_long_line_in_pieces_for_one_error(client: Stream) -> None:
    assert await said(client, b"") == busy.GREETING
    for _ in range(4):
        client[1].write(b"x" * 3000)
        await client[1].drain()
    assert await said(client, b"x\r\nNOOP\r\n") == busy.TOO_LONG
    assert await said(client, b"") == busy.OKAY


@pytest.mark.parametrize("which", ["IDLE_TIMEOUT", "SESSION_TIMEOUT"])
async def test_busy_says_why_it_closes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str) -> None:
    monkeypatch.setattr(busy, which, 0.05)
    async for reader, _ in connect(tmp_path / "s", BusySession):
        assert await asyncio.wait_for(reader.read(), TIMEOUT) == busy.GREETING + busy.TIMED_OUT
