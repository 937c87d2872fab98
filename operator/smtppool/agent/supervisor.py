"""Keeps the agent's tasks alive: one that fails is said, and begins again; the others go on.

A task never ends by itself; whoever cancels `supervise` cancels them all.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

log = logging.getLogger(__name__)

FIRST_DELAY: Final = 0.1
LONGEST_DELAY: Final = 5.0
CALM: Final = 30.0  # a task that ran this long starts with the first delay again

Body = Callable[[], Awaitable[None]]


@dataclass
class Beats:
    """When each task last proved that it works, when it last began, and how often it failed."""

    clock: Callable[[], float] = time.monotonic
    last: dict[str, float] = field(default_factory=dict)
    begun: dict[str, float] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)

    def beat(self, name: str) -> None:
        """The task `name` works."""
        self.last[name] = self.clock()

    def begin(self, name: str) -> None:
        """The task `name` begins, or begins again after a failure."""
        self.begun[name] = self.clock()

    def alive(self, name: str, *, within: float) -> bool:
        """Whether the task `name` has worked within so many seconds."""
        return self.clock() - self.last.get(name, float("-inf")) <= within

    def silence(self, name: str) -> float:
        """Seconds in which the task `name` has neither worked nor failed; 0 for one that never began."""
        now = self.clock()
        return now - max(self.last.get(name, float("-inf")), self.begun.get(name, now))


async def supervise(tasks: Mapping[str, Body], *, beats: Beats) -> None:
    """Run all tasks until cancelled."""
    async with asyncio.TaskGroup() as group:
        for name, body in tasks.items():
            beats.failures.setdefault(name, 0)
            group.create_task(_keep(name, body, beats), name=name)


async def _keep(name: str, body: Body, beats: Beats) -> None:
    delay = FIRST_DELAY
    while True:
        started = beats.clock()
        beats.begin(name)
        try:
            await body()
            log.error("task ended", extra={"task": name})
        except OSError as error:
            log.warning("task failed", extra={"task": name, "cause": repr(error)})
        except Exception as error:
            log.exception("task failed", extra={"task": name, "cause": repr(error)})
        beats.failures[name] += 1
        delay = FIRST_DELAY if beats.clock() - started > CALM else min(delay * 2, LONGEST_DELAY)
        await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
