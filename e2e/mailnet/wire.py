"""Puts a dialogue on a socket: lines and message bytes in, answers out, delays, stalls, TLS and hang-ups carried out.

Written on asyncio's protocol interface: a script must be able to misbehave at every step, and one core must take
well over 500 messages a second with TLS on.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

from e2e.mailnet.content import Collector
from e2e.mailnet.dialogue import Dialogue
from e2e.mailnet.session import Step, Then

_MAX_LINE = 4096
_IDLE = 300.0  # RFC 5321 4.5.3.2: a receiver waits 5 minutes for the next command


class Wire(asyncio.Protocol):
    """One connection; `begin` makes the dialogue when the client's address is known."""

    def __init__(self, *, begin: Callable[[str], Dialogue], ended: Callable[[str], None],
                 tls: ssl.SSLContext | None) -> None:  # fmt: skip
        self._begin = begin
        self._ended = ended
        self._tls = tls
        self._buffer = b""
        self._collector: Collector | None = None
        self._waiting = False  # for a delay, TLS, or (stalled) for ever
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport
        self._dialogue: Dialogue

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, or do what the script says instead."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it
        self._dialogue = self._begin(self._transport.get_extra_info("peername")[0])
        self._schedule(self._dialogue.opening())

    def data_received(self, data: bytes) -> None:
        """Take what came; it is worked through as far as answers may be given."""
        self._buffer += data
        self._work()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the reason is the client's affair
        """The client is gone, or we hung up."""
        if self._timer:
            self._timer.cancel()
        self._waiting = True
        self._dialogue.abandoned()
        self._ended(self._dialogue.session.source)

    def _work(self) -> None:
        while self._buffer and not self._waiting and not self._transport.is_closing():
            if self._collector:
                complete, self._buffer = self._collector.feed(self._buffer)
                if not complete:
                    break
                collected, self._collector = self._collector, None
                self._schedule(self._dialogue.message(collected))
                continue
            line, newline, rest = self._buffer.partition(b"\n")
            if not newline:
                if len(self._buffer) > _MAX_LINE:
                    self._schedule(Step("421 4.4.2 Line too long", Then.CLOSE))
                break
            self._buffer = rest
            self._schedule(self._dialogue.command(line))
        self._watch()

    def _schedule(self, step: Step) -> None:
        if not step.delay:
            self._carry_out(step)
            return
        self._wait(step.delay, lambda: self._resume(step))

    def _resume(self, step: Step) -> None:
        self._waiting = False
        self._carry_out(step)
        self._work()

    def _carry_out(self, step: Step) -> None:
        match step.then:
            case Then.STALL:
                self._waiting = True
                return
            case Then.COLLECT:
                self._collector = Collector()
            case Then.TLS:
                self._start_tls(step)
                return
        self._transport.write(step.wire)
        if step.then is Then.CLOSE:
            self._transport.close()

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        self._waiting = True
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, then)

    def _watch(self) -> None:
        """Hang up on a silent client; a stalled session is left to the client's patience."""
        if self._waiting:
            return
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(_IDLE, self._transport.abort)

    def _start_tls(self, step: Step) -> None:
        self._waiting, self._buffer = True, b""  # what was sent in the clear must not count as encrypted
        self._transport.pause_reading()  # the first TLS bytes may be here before the task runs
        self._transport.write(step.wire)
        self._task = asyncio.get_running_loop().create_task(self._handshake())

    async def _handshake(self) -> None:
        assert self._tls is not None
        try:
            transport = await asyncio.get_running_loop().start_tls(
                self._transport, self, self._tls, server_side=True, ssl_handshake_timeout=30
            )
        except (OSError, ssl.SSLError):
            self._transport.abort()
            return
        if transport is None:
            return
        self._transport, self._waiting, self._dialogue.session.tls = transport, False, True
        self._work()
