"""The work queue under a clock of its own: one pass per key, none lost, the earliest deadline, growing waits."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import uvloop

from smtppool.kube.errors import UnavailableError
from smtppool.kube.queue import Backoff, Queue
from tests.unit.kube.clock import clocked


def now() -> float:
    return asyncio.get_running_loop().time()


@contextlib.asynccontextmanager
async def running(work: Callable[[str], Awaitable[float | None]], **settings: object) -> AsyncIterator[Queue[str]]:
    queue: Queue[str] = Queue(work, name="test", chance=lambda: 1.0, **settings)  # type: ignore[arg-type]
    task = asyncio.create_task(queue.run())
    try:
        yield queue
    finally:
        task.cancel()
        await asyncio.wait({task})


@clocked
async def test_events_before_a_pass_are_one_pass() -> None:
    passes: list[str] = []

    async def work(key: str) -> None:
        passes.append(key)

    async with running(work) as queue:
        for key in "aabab":
            queue.add(key)
        await asyncio.sleep(1)
    assert sorted(passes) == ["a", "b"]


@clocked
async def test_an_event_during_a_pass_guarantees_one_more() -> None:
    starts: list[float] = []

    async def work(_: str) -> None:
        starts.append(now())
        await asyncio.sleep(10)

    async with running(work) as queue:
        begin = now()
        queue.add("a")
        await asyncio.sleep(5)
        queue.add("a")
        queue.add("a")
        await asyncio.sleep(100)
    assert [start - begin for start in starts] == [0, 10]


@clocked
async def test_one_worker_per_key_and_bounded_in_all() -> None:
    active: list[str] = []
    most = 0

    async def work(key: str) -> None:
        nonlocal most
        assert key not in active
        active.append(key)
        most = max(most, len(active))
        await asyncio.sleep(1)
        active.remove(key)

    async with running(work, workers=3) as queue:
        for key in "abcdefgh":
            queue.add(key)
        await asyncio.sleep(0.5)
        queue.add("a")
        await asyncio.sleep(10)
        assert queue.idle
    assert most == 3


@pytest.mark.parametrize(("wishes", "due"), [((30, 10, 20), 10), ((10, 30), 10), ((-5,), 0)])
@clocked
async def test_the_earliest_deadline_counts(wishes: tuple[float, ...], due: float) -> None:
    starts: list[float] = []

    async def work(_: str) -> None:
        starts.append(now())

    async with running(work) as queue:
        begin = now()
        for wish in wishes:
            queue.add_after("a", wish)
        await asyncio.sleep(100)
    assert [start - begin for start in starts] == [due]


@clocked
async def test_a_pass_says_when_the_next_is_due() -> None:
    starts: list[float] = []

    async def work(_: str) -> float | None:
        starts.append(now())
        return 60 if len(starts) < 3 else None

    async with running(work) as queue:
        begin = now()
        queue.add("a")
        await asyncio.sleep(1000)
    assert [start - begin for start in starts] == [0, 60, 120]


@clocked
async def test_failures_wait_longer_and_longer_until_one_pass_succeeds(caplog: pytest.LogCaptureFixture) -> None:
    starts: list[float] = []

    async def work(_: str) -> None:
        starts.append(now())
        if len(starts) < 6:
            raise ValueError("no")

    with caplog.at_level(logging.ERROR):
        async with running(work, backoff=Backoff(first=1, longest=5)) as queue:
            begin = now()
            queue.add("a")
            await asyncio.sleep(1000)
    assert [start - begin for start in starts] == [0, 1, 3, 7, 12, 17]
    assert "no" in caplog.text, "the traceback is logged"


@clocked
async def test_the_server_says_when_to_come_again() -> None:
    starts: list[float] = []

    async def work(_: str) -> None:
        starts.append(now())
        if len(starts) == 1:
            raise UnavailableError("busy", status=429, retry_after=7)

    async with running(work, backoff=Backoff(first=1)) as queue:
        begin = now()
        queue.add("a")
        await asyncio.sleep(100)
    assert [start - begin for start in starts] == [0, 7]


@clocked
async def test_a_pass_that_hangs_is_ended_and_repeated() -> None:
    starts: list[float] = []

    async def work(_: str) -> None:
        starts.append(now())
        if len(starts) == 1:
            await asyncio.Event().wait()

    async with running(work, limit=30, backoff=Backoff(first=1)) as queue:
        begin = now()
        queue.add("a")
        await asyncio.sleep(100)
    assert [start - begin for start in starts] == [0, 31]


@clocked
async def test_one_failing_key_does_not_hold_up_the_others() -> None:
    passes: list[str] = []

    async def work(key: str) -> None:
        passes.append(key)
        if key == "bad":
            raise UnavailableError("down", status=503)

    async with running(work, workers=1, backoff=Backoff(first=10)) as queue:
        for key in ("bad", "good", "better"):
            queue.add(key)
        await asyncio.sleep(1)
    assert passes == ["bad", "good", "better"]


@pytest.mark.parametrize(
    ("failures", "chance", "seconds"), [(1, 1, 0.1), (1, 0, 0.05), (5, 1, 1.6), (1000, 1, 60), (1000, 0, 30)]
)
def test_backoff(failures: int, chance: float, seconds: float) -> None:
    assert Backoff().seconds(failures, chance) == pytest.approx(seconds)


def test_a_wish_for_no_time_at_all_is_due_once_in_the_loop_of_the_operator() -> None:
    """uvloop gives back a handle that knows no time when the time has come already."""
    passes: list[str] = []

    async def work(key: str) -> None:
        passes.append(key)

    async def wish() -> None:
        async with running(work) as queue:
            for seconds in (0.0, 0.0, 1e-9, 60.0):
                queue.add_after("a", seconds)
            await asyncio.sleep(0.05)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(wish())
    assert passes == ["a"]
