"""Which deliveries went over TLS: the connection of each smtp(8) process, as its summary line tells (loglevel 1)."""

import re
from collections import OrderedDict
from typing import Final

from smtppool.agent.logcounts import Tally

MAX_PROCESSES: Final = 4096
_SUMMARY: Final = re.compile(
    rb"(\w+) TLS connection (established|reused) (?:to|from) (\S+?)(?: to \S+)?: "  # a second name is that of SNI
    rb"(\S+) with cipher (\S+) \((\d+)/(\d+) bits\)"
)


def count(line: bytes, start: int, tally: Tally) -> bytes | None:
    """Count a summary line, if it is one, of a new connection; the other end as `host[address]:port`."""
    found = _SUMMARY.match(line, start)
    if found is None:
        return None
    trust, usage, peer, *session = found.groups()
    if usage == b"established":
        tally.count(*(text.decode("ascii", "replace") for text in (trust, *session)))
    return peer


class TlsUse:
    """A process has one connection at a time, so its last summary line is of the connection that it uses."""

    def __init__(self) -> None:
        self._peers: OrderedDict[bytes, bytes] = OrderedDict()

    def connected(self, pid: bytes, peer: bytes) -> None:
        """The process speaks TLS with the peer."""
        self._peers[pid] = peer
        self._peers.move_to_end(pid)
        if len(self._peers) > MAX_PROCESSES:
            self._peers.popitem(last=False)

    def failed(self, pid: bytes) -> None:
        """The process could not start TLS: what it delivers next may be in the clear."""
        self._peers.pop(pid, None)

    def uses(self, pid: bytes, peer: bytes) -> bool:
        """Whether what the process delivered to the peer went over TLS."""
        return self._peers.get(pid) == peer
