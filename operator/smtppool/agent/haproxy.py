"""The two tasks that keep HAProxy in step: one turns the balancer, one notices when HAProxy ends or comes back."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from smtppool.agent.balancer import STAT_INTERVAL, Balancer
from smtppool.agent.facts import Board
from smtppool.agent.runtime import Runtime

log = logging.getLogger(__name__)

RECONNECT_INTERVAL: Final = 0.05  # HAProxy starts in about this time


async def follow(balancer: Balancer, *, board: Board, beat: Callable[[], None]) -> None:
    """Turn whenever something changed, and at least every second. HAProxy away: wait for `watch` to say it is back."""
    while True:
        seen, pause = board.version, STAT_INTERVAL
        try:
            pause = await balancer.turn()
            board.update(haproxy_up=True)
        except OSError as error:
            log.warning("HAProxy does not answer", extra={"cause": repr(error)})
            balancer.forget()
            board.update(haproxy_up=False, applied_hash=None)
        beat()
        await board.wait(seen, timeout=pause)


async def watch(*, connection: Runtime, board: Board, lost: Callable[[], None]) -> None:
    """Notice within milliseconds that HAProxy has ended, and as quickly that it is back."""
    while True:
        try:
            await connection.until_gone(board.wake)
        except OSError:
            await asyncio.sleep(RECONNECT_INTERVAL)
            continue
        lost()
        board.update(haproxy_up=False, applied_hash=None)
