"""The answer of a pool that has no member in traffic: a polite SMTP server that takes nothing for now.

Clients get a 4xx for each message and keep their mail. The connection is never closed on them except after QUIT or a
timeout: a close before the banner makes a client suspend the whole destination.
"""

import asyncio

from smtppool.gate.flow import FlowControlled

MAX_LINE = 2048  # RFC 5321 asks for 512, extensions add to it
IDLE_TIMEOUT = 60.0
SESSION_TIMEOUT = 600.0

GREETING = b"220 smtppool ESMTP\r\n"
HELLO = b"250 smtppool\r\n"
DEFERRED = b"450 4.3.2 No relay of this pool takes mail now, try again later\r\n"
OKAY = b"250 2.0.0 Ok\r\n"
GOODBYE = b"221 2.0.0 Bye\r\n"
TIMED_OUT = b"421 4.4.2 Timeout, closing connection\r\n"
UNKNOWN = b"502 5.5.1 Command not implemented\r\n"
TOO_LONG = b"500 5.5.2 Line too long\r\n"

REPLIES = {
    b"EHLO": HELLO,
    b"HELO": HELLO,
    b"MAIL": DEFERRED,
    b"RCPT": DEFERRED,
    b"DATA": DEFERRED,
    b"RSET": OKAY,
    b"NOOP": OKAY,
}


class BusySession(FlowControlled):
    """One client. Two timers end it: silence, and the whole length of the session."""

    def __init__(self) -> None:
        super().__init__()
        self._timers: list[asyncio.TimerHandle] = []
        self._rest = b""
        self._overlong = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        loop = asyncio.get_running_loop()
        self._timers = [loop.call_later(timeout, self._time_out) for timeout in (SESSION_TIMEOUT, IDLE_TIMEOUT)]
        if self._transport is not None:
            self._transport.write(GREETING)

    def data_received(self, data: bytes) -> None:
        self._timers.pop().cancel()
        self._timers.append(asyncio.get_running_loop().call_later(IDLE_TIMEOUT, self._time_out))
        *lines, rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._answer(line)
        self._overlong = len(rest) > MAX_LINE or (self._overlong and not lines)
        self._rest = b"" if self._overlong else rest

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        for timer in self._timers:
            timer.cancel()

    def _answer(self, line: bytes) -> None:
        if self._transport is None:
            return
        if self._overlong or len(line) > MAX_LINE:
            self._overlong = False
            self._transport.write(TOO_LONG)
            return
        verb = line.strip().partition(b" ")[0].upper()
        if verb == b"QUIT":
            self._end(GOODBYE)
        else:
            self._transport.write(REPLIES.get(verb, UNKNOWN))

    def _time_out(self) -> None:
        self._end(TIMED_OUT)

    def _end(self, farewell: bytes) -> None:
        if self._transport is not None:
            transport, self._transport = self._transport, None
            transport.write(farewell)
            transport.close()
