"""Reads the queue as often as it is worth it, and flushes it when lanes open."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from smtppool.agent import postfix
from smtppool.agent.facts import Board, Facts
from smtppool.agent.settings import Paths
from smtppool.api.documents import Intake, Lanes

log = logging.getLogger(__name__)

BUSY_INTERVAL: Final = 1.0
IDLE_INTERVAL: Final = 5.0
FLUSH_INTERVAL: Final = 10.0
RETRY_INTERVAL: Final = 2.0
HANDOVER_FLUSH_INTERVAL: Final = 30.0  # delivered messages stay listed after a reload until they are flushed again


def interval(facts: Facts) -> float:
    """Seconds to the next look: short while something is queued or being emptied."""
    emptying = facts.lanes is Lanes.HANDOVER or (facts.grant is not None and facts.grant.intake is Intake.CLOSED)
    queued = facts.queue is None or facts.queue.messages > 0
    return BUSY_INTERVAL if emptying or queued else IDLE_INTERVAL


async def read(*, paths: Paths, board: Board, beat: Callable[[], None]) -> None:
    """Keep the queue depth in the facts."""
    while True:
        try:
            board.update(queue=await postfix.depth(paths), queue_error=None)
        except (postfix.PostqueueError, OSError, ValueError, KeyError) as error:
            board.update(queue=None, queue_error=f"{error}"[:512] or repr(error))
        beat()
        await asyncio.sleep(interval(board.facts))


class Flusher:
    """At most one `postqueue -f` in ten seconds; one that fails is tried again while lanes stay open."""

    def __init__(self, *, paths: Paths, board: Board) -> None:
        self._paths = paths
        self._board = board
        self._wanted = asyncio.Event()
        self._last = float("-inf")

    def request(self) -> None:
        """Held mail may leave now."""
        self._wanted.set()

    async def run(self) -> None:
        """Flush when asked, and again and again while mail is being handed over."""
        while True:
            await self._until_wanted()
            await asyncio.sleep(max(0.0, self._last + FLUSH_INTERVAL - time.monotonic()))  # spares the queue manager
            self._wanted.clear()
            if self._board.facts.lanes is Lanes.CLOSED:
                continue
            try:
                await postfix.flush(self._paths)
                self._last = time.monotonic()
            except (postfix.PostqueueError, OSError) as error:
                log.warning("flush failed", extra={"cause": str(error)})
                self._wanted.set()
                await asyncio.sleep(RETRY_INTERVAL)  # Postfix is starting, or restarting

    async def _until_wanted(self) -> None:
        while not self._wanted.is_set():
            try:
                async with asyncio.timeout(HANDOVER_FLUSH_INTERVAL):
                    await self._wanted.wait()
            except TimeoutError:
                facts = self._board.facts
                if facts.lanes is Lanes.HANDOVER and facts.queue is not None and facts.queue.messages:
                    self._wanted.set()
