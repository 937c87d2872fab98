"""Drives a load: parallel connections that take the next message in turn, at the stated rate, until it is done."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TextIO

from e2e.mailnet.load.conversation import Broken, Conversation, Refused
from e2e.mailnet.load.mail import Mail
from e2e.mailnet.load.tallies import Tallies

Fate = Literal["acknowledged", "refused", "refused for good", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What to send, how fast and how long; ends with the messages or the duration, whichever comes first."""

    host: str
    port: int
    messages: int | None
    duration: float | None
    parallel: int = 1
    per_connection: int = 1
    per_second: float | None = None
    retries: int = 0
    retry_delay: float = 1.0
    helo: str = "client.mailnet.test"
    timeout: float = 30.0


class Run:
    """One run; `stop` ends it early, and what was under way is finished."""

    def __init__(self, *, load: Load, mails: Iterator[Mail], acks: TextIO | None = None) -> None:
        self.tallies = Tallies()
        self._load = load
        self._mails = mails
        self._acks = acks
        self._stopped = False

    def stop(self) -> None:
        """Take no further messages."""
        self._stopped = True

    async def to_end(self, progress: Callable[[Tallies], None]) -> Tallies:
        """Send everything, reporting once a second."""
        self.tallies = Tallies()
        reporter = asyncio.create_task(self._report(progress))
        try:
            async with asyncio.TaskGroup() as senders:
                for _ in range(self._load.parallel):
                    senders.create_task(self._sender())
        finally:
            reporter.cancel()
        return self.tallies

    async def _report(self, progress: Callable[[Tallies], None]) -> None:
        while True:
            await asyncio.sleep(1)
            progress(self.tallies)

    async def _next(self) -> Mail | None:
        """The next message when it is due; none when the load is done."""
        load, tallies = self._load, self.tallies
        number = tallies.attempted
        due = number / load.per_second if load.per_second else time.monotonic() - tallies.began
        ended = load.duration is not None and due >= load.duration
        if self._stopped or ended or (load.messages is not None and number >= load.messages):
            return None
        tallies.attempted += 1
        mail = next(self._mails)
        tallies.domains[mail.recipient.rpartition("@")[2]] += 1
        if load.per_second:
            lag = time.monotonic() - tallies.began - due
            tallies.max_lag = max(tallies.max_lag, lag)
            await asyncio.sleep(max(0.0, -lag))
        return mail

    async def _sender(self) -> None:
        line = _Line(self._load, self.tallies)
        while mail := await self._next():
            if await self._deliver(line, mail):
                self.tallies.acknowledged += 1
                self.tallies.count("acknowledged")
                if self._acks:
                    print(mail.message_id, file=self._acks, flush=True)
            else:
                self.tallies.failed += 1
        await line.end()

    async def _deliver(self, line: "_Line", mail: Mail) -> bool:
        for attempt in range(self._load.retries + 1):
            if attempt:
                await asyncio.sleep(self._load.retry_delay)
            self.tallies.attempts += 1
            match await line.send(mail):
                case "acknowledged":
                    return True
                case "refused for good":
                    return False
        return False


class _Line:
    """A sender's connection, opened when there is something to send and renewed after so many messages."""

    def __init__(self, load: Load, tallies: Tallies) -> None:
        self._load = load
        self._tallies = tallies
        self._open: Conversation | None = None
        self._sent = 0

    async def send(self, mail: Mail) -> Fate:
        """One attempt; errors are counted here."""
        try:
            conversation = self._open or await self._connect()
            began = time.monotonic()
            await conversation.send(mail)
        except Refused as refused:
            self._tallies.refused(refused.step, refused.reply.text)
            await self._after_refusal(refused)
            return "refused for good" if refused.reply.code >= 500 else "refused"
        except Broken as broken:
            self._tallies.broken(broken.step, broken.reason)
            self._drop()
            return "broken"
        self._tallies.answer_waits.append(time.monotonic() - began)
        self._sent += 1
        if self._sent >= self._load.per_connection:
            await self.end()
        return "acknowledged"

    async def end(self) -> None:
        """Take leave of the server, if one is there."""
        if self._open:
            conversation, self._open = self._open, None
            await conversation.quit()

    async def _connect(self) -> Conversation:
        load = self._load
        conversation = await Conversation.open(host=load.host, port=load.port, timeout=load.timeout)
        self._open, self._sent = conversation, 0
        self._tallies.banner_waits.append(conversation.banner_wait)
        self._tallies.servers[conversation.server] += 1
        await conversation.greet(load.helo)
        return conversation

    async def _after_refusal(self, refused: Refused) -> None:
        """421 and a refused greeting end the connection; a refused message only the transaction."""
        self._sent += 1
        spent = self._sent >= self._load.per_connection or refused.step in {"banner", "ehlo"}
        if not self._open or refused.reply.code == 421:
            self._drop()
        elif spent:
            await self.end()
        else:
            try:
                await self._open.reset()
            except (Refused, Broken):
                self._drop()

    def _drop(self) -> None:
        if self._open:
            self._open.drop()
            self._open = None
