"""Tells a client which address it comes from, by SMTP (EHLO reply) and by HTTP: what the egress check asks.

Scriptable like the sinks: it can name another address, never answer, or refuse the connection.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from typing import Self

from e2e.mailnet.providers import ECHO_NAME
from e2e.mailnet.script import ScriptError

_IDLE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoScript:
    """How the echo answers; the default is the truth. `sources` limits a lie or a stall to these clients."""

    address: str = ""
    stall: bool = False
    refuse: bool = False
    sources: tuple[str, ...] = ()

    def concerns(self, source: str) -> bool:
        """Whether this client is lied to or left waiting."""
        return not self.sources or source in self.sources


def parse(document: object) -> EchoScript:
    """Read `{}`, `{"address": "192.0.2.1"}`, `{"stall": true}` or `{"refuse": true}`, with optional `sources`."""
    if not isinstance(document, Mapping) or set(document) - {"address", "stall", "refuse", "sources"}:
        raise ScriptError("an echo script has address, stall or refuse, and sources")
    if len({"address", "stall", "refuse"} & set(document)) > 1 or ("refuse" in document and "sources" in document):
        raise ScriptError("at most one of address, stall, refuse; a refusal concerns every source")
    sources = document.get("sources", ())
    if not isinstance(sources, Sequence) or isinstance(sources, str):
        raise ScriptError("sources is a list of addresses")
    if any(document.get(key, True) is not True for key in ("stall", "refuse")):
        raise ScriptError("stall and refuse are true or absent")
    named = str(ip_address(str(document["address"]))) if "address" in document else ""
    clients = tuple(str(ip_address(str(source))) for source in sources)
    return EchoScript(address=named, stall="stall" in document, refuse="refuse" in document, sources=clients)


class Echo:
    """Both listeners and the script in force; used as an async context."""

    def __init__(self, *, address: str, smtp_port: int = 25, http_port: int = 80) -> None:
        self.script = EchoScript()
        self.asked: Counter[str] = Counter()
        self.smtp_port = smtp_port
        self.http_port = http_port
        self._listeners = ((self._smtp, address, smtp_port), (self._http, address, http_port))
        self._servers: list[asyncio.Server] = []

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._close()

    async def set(self, script: EchoScript) -> None:
        """Put a script in force; to refuse is to stop listening."""
        self.script = script
        if script.refuse:
            self._close()
        else:
            await self._open()

    def status(self) -> dict[str, object]:
        """The script, and how often each source asked."""
        return {"script": asdict(self.script), "asked": dict(self.asked)}

    async def _open(self) -> None:
        if not self._servers:
            self._servers = [await asyncio.start_server(*listener) for listener in self._listeners]

    def _close(self) -> None:
        for server in self._servers:
            server.close()
        self._servers = []

    async def _answer(self, writer: asyncio.StreamWriter) -> str:
        """The address to name; a stalled client waits here until it gives up."""
        source: str = writer.get_extra_info("peername")[0]
        self.asked[source] += 1
        script = self.script
        if script.stall and script.concerns(source):
            await asyncio.sleep(_IDLE)
            raise ConnectionAbortedError
        return script.address if script.address and script.concerns(source) else source

    async def _smtp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            address = await self._answer(writer)
            writer.write(f"220 {ECHO_NAME} ESMTP\r\n".encode())
            while line := await asyncio.wait_for(reader.readline(), _IDLE):
                verb, _, name = line.decode("ascii", "replace").strip().partition(" ")
                writer.write(_smtp_reply(verb.upper(), name, address))
                if verb.upper() == "QUIT":
                    break
        except (OSError, TimeoutError, ValueError):
            pass  # the client left, stayed silent or sent an endless line: nothing to answer
        finally:
            writer.close()

    async def _http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _IDLE)
            body = (await self._answer(writer)).encode() + b"\n"
            headers = f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close"
            writer.write(f"HTTP/1.1 200 OK\r\n{headers}\r\n\r\n".encode() + body)
        except (OSError, TimeoutError, EOFError, asyncio.LimitOverrunError):
            pass  # as above
        finally:
            writer.close()


def _smtp_reply(verb: str, name: str, address: str) -> bytes:
    replies = {
        "EHLO": f"250-{ECHO_NAME} Hello {name} [{address}]\r\n250 ENHANCEDSTATUSCODES\r\n",
        "HELO": f"250 {ECHO_NAME} Hello {name} [{address}]\r\n",
        "QUIT": "221 2.0.0 Bye\r\n",
        "NOOP": "250 2.0.0 OK\r\n",
        "RSET": "250 2.0.0 OK\r\n",
    }
    return replies.get(verb, "550 5.7.1 This host only names your address\r\n").encode("ascii", "replace")
