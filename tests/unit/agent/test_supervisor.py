"""One failing task neither ends nor stops the others; the board loses no wake-up."""

import asyncio

import pytest

from smtppool.agent.facts import Board
from smtppool.agent.supervisor import Beats, supervise


async def test_a_failing_task_begins_again_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    often = asyncio.Event()
    starts = {"bad": 0, "ended": 0, "good": 0}

    async def bad() -> None:
        starts["bad"] += 1
        if min(starts["bad"], starts["ended"]) >= 3:
            often.set()
        raise ValueError("broken")

    async def ended() -> None:
        starts["ended"] += 1
        if min(starts["bad"], starts["ended"]) >= 3:
            often.set()

    async def good() -> None:
        starts["good"] += 1
        await asyncio.Event().wait()

    beats = Beats()
    task = asyncio.create_task(supervise({"bad": bad, "ended": ended, "good": good}, beats=beats))
    async with asyncio.timeout(5):
        await often.wait()
    assert not task.done()
    assert starts["good"] == 1
    assert beats.failures["bad"] >= 2
    assert beats.failures["good"] == 0
    assert any(record.exc_info for record in caplog.records)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_beats() -> None:
    now = 100.0
    beats = Beats(clock=lambda: now)
    assert not beats.alive("log", within=1000)
    beats.beat("log")
    now = 109.0
    assert beats.alive("log", within=10)
    now = 111.0
    assert not beats.alive("log", within=10)


def test_silence() -> None:
    now = 100.0
    beats = Beats(clock=lambda: now)
    assert beats.silence("routing") == 0, "not begun yet"
    beats.begin("routing")
    now = 130.0
    assert beats.silence("routing") == 30, "the first turn counts too"
    beats.beat("routing")
    now = 140.0
    assert beats.silence("routing") == 10
    beats.begin("routing")
    assert beats.silence("routing") == 0, "a task that failed is not silent"


async def test_a_task_that_fails_each_time_is_not_silent() -> None:
    now, often = 100.0, asyncio.Event()

    async def bad() -> None:
        nonlocal now
        now += 100
        if now >= 300:
            often.set()
        raise ValueError("broken")

    beats = Beats(clock=lambda: now)
    task = asyncio.create_task(supervise({"bad": bad}, beats=beats))
    async with asyncio.timeout(5):
        await often.wait()
    task.cancel()
    await asyncio.wait({task})
    assert beats.silence("bad") <= 100


async def test_a_change_between_looking_and_waiting_is_not_lost() -> None:
    board = Board()
    seen = board.version
    board.update(sessions=1)
    assert await board.wait(seen, timeout=0)


async def test_an_equal_value_wakes_nobody() -> None:
    board = Board()
    seen = board.version
    board.update(sessions=0)
    assert not await board.wait(seen, timeout=0.01)
    board.wake()
    assert await board.wait(seen, timeout=0.01)


async def test_all_waiters_wake() -> None:
    board = Board()
    waiters = [asyncio.create_task(board.wait(board.version, timeout=5)) for _ in range(3)]
    await asyncio.sleep(0)
    board.update(sessions=1)
    assert await asyncio.gather(*waiters) == [True, True, True]
