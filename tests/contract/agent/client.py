"""SMTP clients of the entry: one session each, timed to the banner."""

import asyncio
import time
from typing import NamedTuple

from smtppool.api import names

TIMEOUT = 10.0


class Session(NamedTuple):
    """What a client saw. `opened`: monotonic time; `waited`: seconds to the banner."""

    opened: float
    waited: float
    banner: str
    reply: str  # to MAIL


async def session(address: str, *, port: int = names.ENTRY_PORT) -> Session:
    """Connect, EHLO, MAIL, QUIT; an empty banner means that the connection was closed."""
    opened = time.monotonic()
    async with asyncio.timeout(TIMEOUT):
        reader, writer = await asyncio.open_connection(address, port)
        try:
            banner = (await reader.readline()).decode().strip()
            waited = time.monotonic() - opened
            writer.write(b"EHLO client\r\n")
            await reader.readline()
            writer.write(b"MAIL FROM:<a@example.com>\r\n")
            reply = (await reader.readline()).decode().strip()
            writer.write(b"QUIT\r\n")
            await reader.readline()
            return Session(opened, waited, banner, reply)
        finally:
            writer.close()
