"""Asks a host of the user's which source address it sees: SMTP EHLO reply or HTTP body. The answer is untrusted."""

import asyncio
import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

TIMEOUT: Final = 5.0
READ_LIMIT: Final = 4096
DEFAULT_PORTS: Final = {"smtp": 25, "http": 80}

_ADDRESS: Final = r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IN_BRACKETS: Final = re.compile(rf"\[({_ADDRESS})\]")
_ALONE: Final = re.compile(rf"(?<![\d.])({_ADDRESS})(?![\d.])")


class EchoError(Exception):
    """No usable answer; the text says which part failed."""


async def source_address(endpoint: str, *, hostname: str, source: str | None = None) -> str:
    """Our source address as `endpoint` (`smtp://host:port`, `http://host:port/path`) sees it; EchoError otherwise.

    `source`: the address of our own that Postfix binds to, where it does.
    """
    url = urlsplit(endpoint)
    bound = None if source is None else (source, 0)
    port = url.port or DEFAULT_PORTS[url.scheme]
    try:
        async with asyncio.timeout(TIMEOUT):
            reader, writer = await asyncio.open_connection(url.hostname, port, limit=READ_LIMIT, local_addr=bound)
            try:
                if url.scheme == "smtp":
                    return await _smtp(reader, writer, hostname)
                return await _http(reader, writer, url)
            finally:
                writer.close()
    except TimeoutError as error:
        raise EchoError(f"{endpoint}: no answer in {TIMEOUT:.0f} s") from error
    except (OSError, ValueError) as error:
        raise EchoError(f"{endpoint}: {error}") from error


async def _smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hostname: str) -> str:
    await _reply(reader, "220")
    writer.write(f"EHLO {hostname}\r\n".encode())
    text = await _reply(reader, "250")
    writer.write(b"QUIT\r\n")
    found = _IN_BRACKETS.search(text)
    if found is None:
        raise EchoError("no [address] in the reply to EHLO")
    return found[1]


async def _reply(reader: asyncio.StreamReader, code: str) -> str:
    """Text of one SMTP reply, all its lines; EchoError for another code."""
    text = ""
    while len(text) < READ_LIMIT:
        line = (await reader.readline()).decode(errors="replace")
        if not line.startswith(code):
            raise EchoError(f"expected {code}, got {_number(line)}")
        text += line
        if line[3:4] != "-":
            break
    return text


async def _http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, url: SplitResult) -> str:
    request = f"GET {url.path or '/'} HTTP/1.0\r\nHost: {url.hostname}\r\nConnection: close\r\n\r\n"
    writer.write(request.encode())
    answer = b""
    while len(answer) < READ_LIMIT and (part := await reader.read(READ_LIMIT)):
        answer += part
    head, _, body = answer.decode(errors="replace").partition("\r\n\r\n")
    if head.split(" ")[1:2] != ["200"]:
        raise EchoError(f"expected status 200, got {_number(head.partition(' ')[2])}")
    found = _ALONE.search(body)
    if found is None:
        raise EchoError("no address in the body")
    return found[1]


def _number(text: str) -> str:
    """The code that an answer begins with. No more of it: whoever may name an endpoint must not read it through us."""
    found = re.match(r"[0-9]{3}\b", text)
    return found[0] if found else "something else"
