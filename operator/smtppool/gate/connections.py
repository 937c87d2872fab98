"""Connections of the policy service, the socketmap and the control socket: bytes in, replies out, in order.

All three answer at once and hold nothing but an unfinished request.
"""

from collections.abc import Callable

from smtppool.gate import verdict, wire
from smtppool.gate.flow import FlowControlled
from smtppool.gate.service import Gate

MAX_COMMAND = 256
BROKEN_POLICY = f"action={verdict.CONFUSED}\n\n".encode()
BROKEN_SOCKETMAP = wire.netstring("TEMP request not understood")

Split = Callable[[bytes], tuple[list[bytes], bytes]]
Reply = Callable[[bytes], bytes]


class Conversation(FlowControlled):
    """`split` finds requests, `reply` answers one, `broken` is the last word on a stream that makes no sense."""

    def __init__(self, *, split: Split, reply: Reply, broken: bytes) -> None:
        super().__init__()
        self._split, self._reply, self._broken = split, reply, broken
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        if (transport := self._transport) is None:
            return
        try:
            requests, self._rest = self._split(self._rest + data)
        except wire.FramingError:
            self._transport = None
            transport.write(self._broken)
            transport.close()
            return
        for request in requests:
            transport.write(self._reply(request))


def policy(gate: Gate) -> Conversation:
    """A client of the policy service."""
    return Conversation(split=wire.policy_requests, reply=gate.policy, broken=BROKEN_POLICY)


def socketmap(gate: Gate) -> Conversation:
    """A client of the socketmap."""
    return Conversation(split=wire.netstrings, reply=gate.socketmap, broken=BROKEN_SOCKETMAP)


def control(gate: Gate) -> Conversation:
    """The agent, or a probe."""

    def reply(command: bytes) -> bytes:
        return gate.control(command) + b"\n"

    return Conversation(split=_lines, reply=reply, broken=b"error line too long\n")


def _lines(buffer: bytes) -> tuple[list[bytes], bytes]:
    *lines, rest = buffer.split(b"\n")
    if len(rest) > MAX_COMMAND:
        raise wire.FramingError(f"a line of more than {MAX_COMMAND} bytes")
    return lines, rest
