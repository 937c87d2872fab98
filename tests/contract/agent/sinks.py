"""Relays as an entry pod sees them: SMTP behind PROXY v2 on an address of their own; they count whom they served."""

import asyncio
import struct
from dataclasses import dataclass, field
from typing import Self

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
LOCAL = 0x20


@dataclass
class Sink:
    """One relay. `sessions` leaves out health checks, which come with PROXY LOCAL."""

    address: str
    port: int
    sessions: int = 0
    checks: int = 0
    clients: list[str] = field(default_factory=list)
    _server: asyncio.Server | None = None

    async def start(self) -> Self:
        """Listen; also again after `stop`."""
        self._server = await asyncio.start_server(self._serve, self.address, self.port, backlog=1024)
        return self

    def stop(self) -> None:
        """Stop listening: the next connection is refused."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readexactly(16)
            assert head[:12] == SIGNATURE, head
            rest = await reader.readexactly(struct.unpack(">H", head[14:])[0])
            if head[12] == LOCAL:
                self.checks += 1
            else:
                self.sessions += 1
                self.clients.append(".".join(map(str, rest[:4])))
            await self._talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"220 {self.address} ESMTP\r\n".encode())
        while line := await reader.readline():
            writer.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 ok\r\n")
            if line.upper().startswith(b"QUIT"):
                break
