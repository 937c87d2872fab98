"""A worker whose event loop hangs ends; one that turns lives on."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Coroutine

from smtppool.gate.worker import stay_awake


async def _hang() -> None:
    watched = asyncio.create_task(stay_awake(hung_after=1))
    await asyncio.sleep(0)
    time.sleep(20)  # noqa: ASYNC251 - that is the fault
    watched.cancel()


async def _turn() -> None:
    watched = asyncio.create_task(stay_awake(hung_after=1))
    await asyncio.sleep(1.5)
    watched.cancel()


def _status_of(main: Callable[[], Coroutine[None, None, None]]) -> int:
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        asyncio.run(main())
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_worker_that_hangs_is_ended_by_its_alarm() -> None:
    assert _status_of(_hang) == -signal.SIGALRM


def test_a_worker_that_turns_lives_on() -> None:
    assert _status_of(_turn) == 0
