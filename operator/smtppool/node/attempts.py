"""Forgets attempts to reach a relay pod that does not answer, which the kernel would otherwise lead there again.

kube-proxy chooses an endpoint for the first packet of a connection, and the kernel keeps that choice for the client's
address and port: for 120 s after a packet that nobody answers (`nf_conntrack_tcp_timeout_syn_sent`). A busy client has
the same port again before that, and its new connection waits in vain for a pod that its Service named long ago. The
next packet of a forgotten attempt is led anew, also that of a client who still waits.
"""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Final

from smtppool.node.command import CommandError
from smtppool.node.flows import conntrack

log = logging.getLogger(__name__)

# Seconds after an order names an address. Until kube-proxy has followed the operator's word, clients go on trying; a
# look through a big table costs processor time, so they end.
MOMENTS: Final = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


class Attempts:
    """Which addresses are looked for, and when next."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due: dict[str, tuple[float, ...]] = {}

    async def turn(self, silent: Iterable[str]) -> float | None:
        """Forget those that are due of all addresses that the order names; seconds until the next are, None: none."""
        for address in self.due(silent):
            await _forget(address)
        coming = [moments[0] for moments in self._due.values() if moments]
        return max(0.0, min(coming) - self._clock()) if coming else None

    def due(self, silent: Iterable[str]) -> list[str]:
        """Addresses to look for now; each of their moments counts once."""
        now = self._clock()
        fresh = tuple(now + moment for moment in MOMENTS)
        self._due = {address: self._due.get(address, fresh) for address in silent}
        found = [address for address, moments in self._due.items() if moments and moments[0] <= now]
        self._due |= {one: tuple(moment for moment in self._due[one] if moment > now) for one in found}
        return found


async def _forget(address: str) -> None:
    """Unanswered attempts only: an open connection to the pod is nobody's to end."""
    try:
        await conntrack("-D", "-p", "tcp", "--state", "SYN_SENT", "-r", address)
    except CommandError as error:
        log.warning("attempts to reach a silent pod not forgotten: %s", error)
