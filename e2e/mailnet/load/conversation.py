"""One client connection: what a plain sending application says, with the time of each answer.

Lock-step without pipelining, as most applications send. A refusal and a broken connection are different errors, and
both name the step at which they came.
"""

import asyncio
import socket
import time
from typing import NamedTuple, Self

from e2e.mailnet.load.mail import Mail


class Reply(NamedTuple):
    """A complete reply."""

    code: int
    text: str  # all lines, joined by a newline


class Refused(Exception):  # noqa: N818 - an answer, not a defect
    """The server answered 4xx or 5xx."""

    def __init__(self, step: str, reply: Reply) -> None:
        super().__init__(f"{step}: {reply.text}")
        self.step = step
        self.reply = reply


class Broken(Exception):  # noqa: N818 - as above
    """No answer: refused, reset, closed or timed out."""

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(f"{step}: {reason}")
        self.step = step
        self.reason = reason


class Conversation:
    """An open connection; `banner_wait` is the time from the first SYN to the banner."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, timeout: float) -> None:
        self.server = ""
        self.banner_wait = 0.0
        self._reader = reader
        self._writer = writer
        self._timeout = timeout

    @classmethod
    async def open(cls, *, host: str, port: int, timeout: float) -> Self:  # noqa: ASYNC109 - of each step
        """Look the name up, connect and take the banner."""
        address = await _resolved(host, port, timeout)
        began = time.monotonic()
        try:
            async with asyncio.timeout(timeout):
                reader, writer = await asyncio.open_connection(address, port)
        except (OSError, TimeoutError) as error:
            raise Broken("connect", _reason(error)) from error
        conversation = cls(reader, writer, timeout)
        try:
            banner = await conversation.expect("banner")
        except BaseException:
            conversation.drop()
            raise
        conversation.banner_wait = time.monotonic() - began
        conversation.server = server_name(banner)
        return conversation

    async def greet(self, helo: str) -> Reply:
        """EHLO."""
        return await self._ask("ehlo", f"EHLO {helo}\r\n".encode())

    async def send(self, mail: Mail) -> Reply:
        """One transaction; the reply is the acknowledgement."""
        await self._ask("mail", f"MAIL FROM:<{mail.sender}>\r\n".encode())
        await self._ask("rcpt", f"RCPT TO:<{mail.recipient}>\r\n".encode())
        await self._ask("data", b"DATA\r\n")
        return await self._ask("eom", mail.content)

    async def reset(self) -> None:
        """End a refused transaction so that the connection can go on."""
        await self._ask("rset", b"RSET\r\n")

    async def quit(self) -> None:
        """Take leave; what the server says to that is of no interest, but it must come before the connection closes."""
        try:
            await self._ask("quit", b"QUIT\r\n")
        except (Broken, Refused):
            pass
        finally:
            self.drop()

    def drop(self) -> None:
        """Close without a word."""
        self._writer.close()

    async def expect(self, step: str) -> Reply:
        """Read one reply; 4xx and 5xx are raised."""
        lines: list[str] = []
        try:
            async with asyncio.timeout(self._timeout):
                while not lines or lines[-1][3:4] == "-":
                    lines.append(await self._line())
            reply = Reply(int(lines[-1][:3]), "\n".join(lines))
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            raise Broken(step, _reason(error)) from error
        if reply.code >= 400:
            raise Refused(step, reply)
        return reply

    async def _line(self) -> str:
        line = await self._reader.readline()
        if not line.endswith(b"\n"):
            raise EOFError("closed by the server")
        return line.decode("ascii", "replace").rstrip("\r\n")

    async def _ask(self, step: str, what: bytes) -> Reply:
        self._writer.write(what)
        return await self.expect(step)


def server_name(reply: Reply) -> str:
    """How the server names itself in its banner or EHLO reply."""
    words = reply.text.split("\n", 1)[0][4:].split()
    return words[0] if words else ""


async def _resolved(host: str, port: int, timeout: float) -> str:  # noqa: ASYNC109 - as above
    """An address of the name. A look-up of its own: one that gets no answer is no relay that gives none."""
    try:
        async with asyncio.timeout(timeout):
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(host, port, family=socket.AF_INET, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError) as error:
        raise Broken("resolve", _reason(error)) from error
    return str(found[0][4][0])


def _reason(error: BaseException) -> str:
    return "timeout" if isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}"
