"""Reads the queue as often as it is worth it, and flushes it when lanes open."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from smtppool.agent import postfix
from smtppool.agent.facts import Board, Facts
from smtppool.agent.listing import Listing, ProviderOf
from smtppool.agent.settings import Paths
from smtppool.api import names
from smtppool.api.documents import Intake, Lanes

log = logging.getLogger(__name__)

BUSY_INTERVAL: Final = 1.0
IDLE_INTERVAL: Final = 5.0
PAUSE_FACTOR: Final = 5  # times what the last look took: a long queue costs at most a sixth of a processor
LONGEST_PAUSE: Final = 60.0
AWAITED_PAUSE: Final = 5.0  # the longest while somebody waits for an empty queue
FLUSH_INTERVAL: Final = 10.0
RETRY_INTERVAL: Final = 2.0
HANDOVER_FLUSH_INTERVAL: Final = 30.0  # delivered messages stay listed after a reload until they are flushed again
RELOAD_TIMEOUT: Final = 1.5  # the entrypoint looks for a request twice a second; within 10 s of a reload it waits
RELOAD_TIME: Final = 0.3
# Should the reload come later: the queue manager keeps its last answer for 30 s, so that recipient is held once more.
FOLLOW_UPS: Final = (10.0, 25.0)


def interval(facts: Facts, *, took: float = 0.0) -> float:
    """Seconds to the next look: short while something is queued, held or being emptied, longer if a look is long."""
    queued = facts.queue is None or facts.queue.messages > 0
    wanted = BUSY_INTERVAL if queued or facts.lanes is not Lanes.OPEN or emptying(facts) else IDLE_INTERVAL
    return max(wanted, min(took * PAUSE_FACTOR, AWAITED_PAUSE if emptying(facts) else LONGEST_PAUSE))


def emptying(facts: Facts) -> bool:
    """Whether somebody waits for an empty queue."""
    return facts.lanes is Lanes.HANDOVER or (facts.grant is not None and facts.grant.intake is Intake.CLOSED)


async def read(
    *,
    paths: Paths,
    board: Board,
    beat: Callable[[], None],
    provider_of: ProviderOf,
    show: Callable[[Listing | None], None],
) -> None:
    """Keep the queue depth in the facts, and `show` what it was counted from."""
    while True:
        began = time.monotonic()
        try:
            look = await postfix.look(paths, Listing(provider_of))
            if look.depth.messages == look.depth.bounces and emptying(board.facts):
                # What may end a relay. A message that moves between two queues meanwhile can be missed; not twice.
                look = await postfix.look(paths, Listing(provider_of))
            show(look.listing)
            board.update(queue=look.depth, queue_error=None, queue_read_at=began)
        except (postfix.PostqueueError, OSError, ValueError, KeyError) as error:
            show(None)
            board.update(queue=None, queue_error=f"{error}"[:512] or repr(error), queue_read_at=began)
        beat()
        await _until_due(board, took=time.monotonic() - began)


async def _until_due(board: Board, *, took: float) -> None:
    """For the interval; shorter when the pod has become quiet meanwhile, as the report waits for that count."""
    end = time.monotonic() + interval(board.facts, took=took)
    while not board.facts.count_is_old:
        seen = board.version
        if not await board.wait(seen, timeout=end - time.monotonic()):
            return


class Flusher:
    """At most one `postqueue -f` in ten seconds; one that fails is tried again while lanes stay open."""

    def __init__(self, *, paths: Paths, board: Board) -> None:
        self._paths = paths
        self._board = board
        self._wanted = asyncio.Event()
        self._follow_ups: list[float] = []
        self._last = float("-inf")

    def request(self, *, again: bool = True) -> None:
        """Held mail may leave now. `again`: all of it was held, and is worth more attempts if the reload comes late."""
        if again:
            self._follow_ups = list(FOLLOW_UPS)
        self._wanted.set()

    async def run(self) -> None:
        """Flush when asked, and again and again while mail is being handed over."""
        while True:
            await self._until_wanted()
            await asyncio.sleep(max(0.0, self._last + FLUSH_INTERVAL - time.monotonic()))  # spares the queue manager
            self._wanted.clear()
            if self._board.facts.lanes is Lanes.CLOSED:
                continue
            await self._reloaded()
            try:
                await postfix.flush(self._paths)
                self._last = time.monotonic()
            except (postfix.PostqueueError, OSError) as error:
                log.warning("flush failed", extra={"cause": str(error)})
                self._wanted.set()
                await asyncio.sleep(RETRY_INTERVAL)  # Postfix is starting, or restarting

    async def _reloaded(self) -> None:
        """Until Postfix has followed a request to reload, if there is one and it does so soon."""
        request = self._paths.at(names.RELOAD_REQUEST)
        end = time.monotonic() + RELOAD_TIMEOUT
        asked = request.exists()
        while request.exists() and time.monotonic() < end:  # noqa: ASYNC110 - another process takes the file
            await asyncio.sleep(0.1)
        if asked:
            await asyncio.sleep(RELOAD_TIME)  # Postfix has no word for "reloaded"

    async def _until_wanted(self) -> None:
        while not self._wanted.is_set():
            follow_up = self._follow_ups.pop(0) if self._follow_ups else None
            try:
                async with asyncio.timeout(follow_up or HANDOVER_FLUSH_INTERVAL):
                    await self._wanted.wait()
            except TimeoutError:
                if self._worth_it(opened=follow_up is not None):
                    self._wanted.set()

    def _worth_it(self, *, opened: bool) -> bool:
        facts = self._board.facts
        waiting = facts.queue is not None and facts.queue.messages > 0
        return waiting and (opened or facts.lanes is Lanes.HANDOVER)
