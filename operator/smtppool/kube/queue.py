"""The keyed work queue: one pass per key at a time, none lost, none doubled, failures again after a while.

A pass is told only the key and reads everything else itself, so one pass serves any number of events before it.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from smtppool.kube.errors import ApiError

logger = logging.getLogger(__name__)
K = TypeVar("K")
Work = Callable[
    [K], Awaitable[float | None]
]  # one pass; seconds until the next one is due, None: when something happens


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Waiting time after the n-th failure in a row: doubled each time, with half of it left to chance."""

    first: float = 0.1
    longest: float = 60.0

    def seconds(self, failures: int, chance: float) -> float:
        """`chance` is from 0 to 1; failures count from 1."""
        return min(self.longest, self.first * 2.0 ** min(failures - 1, 30)) * (0.5 + chance / 2)


class Queue(Generic[K]):
    """Keys with something to do; `limit` seconds is the longest that one pass may take."""

    def __init__(
        self,
        work: Work[K],
        *,
        name: str,
        workers: int = 8,
        limit: float = 60.0,
        backoff: Backoff | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._work = work
        self._name = name
        self._workers = workers
        self._limit = limit
        self._backoff = backoff or Backoff()
        self._chance = chance
        self._ready: asyncio.Queue[K] = asyncio.Queue()
        self._waiting: set[K] = set()
        self._active: set[K] = set()
        self._again: set[K] = set()
        self._failures: dict[K, int] = {}
        self._timers: dict[K, tuple[float, asyncio.Handle]] = {}  # when it is due; uvloop's handle may not tell

    def add(self, key: K) -> None:
        """Ask for a pass now; during a pass of this key: for one more after it."""
        if key in self._active:
            self._again.add(key)
        elif key not in self._waiting:
            self._waiting.add(key)
            self._ready.put_nowait(key)

    def add_after(self, key: K, seconds: float) -> None:
        """Ask for a pass in a while; of several such wishes for a key the earliest counts."""
        loop = asyncio.get_running_loop()
        due = loop.time() + max(0.0, seconds)
        if key in self._timers:
            earlier, timer = self._timers[key]
            if earlier <= due:
                return
            timer.cancel()
        self._timers[key] = due, loop.call_at(due, self._due, key)

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing runs; delayed keys do not count."""
        return not self._waiting and not self._active

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(self._workers):
                    group.create_task(self._worker(), name=f"{self._name}-{number}")
        finally:
            for _, timer in self._timers.values():
                timer.cancel()
            self._timers.clear()

    async def _worker(self) -> None:
        while True:
            key = await self._ready.get()
            self._waiting.discard(key)
            self._active.add(key)
            try:
                await self._pass(key)
            finally:
                self._active.discard(key)
                if key in self._again:
                    self._again.discard(key)
                    self.add(key)

    async def _pass(self, key: K) -> None:
        try:
            async with asyncio.timeout(self._limit):
                due = await self._work(key)
        except Exception as error:  # noqa: BLE001 - one key's failure must not stop the others
            self._retry(key, error)
            return
        self._failures.pop(key, None)
        if due is not None:
            self.add_after(key, due)

    def _retry(self, key: K, error: Exception) -> None:
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        seconds = self._backoff.seconds(failures, self._chance())
        if isinstance(error, ApiError):
            seconds = max(seconds, error.retry_after)
            logger.warning("%s %s: failure %d, again in %.1f s: %s", self._name, key, failures, seconds, error)
        else:
            logger.error("%s %s: failure %d, again in %.1f s", self._name, key, failures, seconds, exc_info=error)
        self.add_after(key, seconds)

    def _due(self, key: K) -> None:
        del self._timers[key]
        self.add(key)
