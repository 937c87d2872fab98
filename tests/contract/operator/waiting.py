"""Waiting for what must become true, with the last thing seen in the error."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
PERIOD = 0.05
PATIENCE = 60.0  # seconds, where no bound is promised; a garbage collector learns of new kinds within 30


async def until(look: Callable[[], Awaitable[T]], *, what: str, within: float = PATIENCE) -> T:
    """The first truthy look; an assertion lets the wait go on, too."""
    deadline = time.monotonic() + within
    seen: object = None
    while time.monotonic() < deadline:
        try:
            seen = found = await look()
            if found:
                return found
        except AssertionError as error:
            seen = error
        await asyncio.sleep(PERIOD)
    raise AssertionError(f"not in {within:.0f} s: {what}; last seen: {seen}")


async def equals(look: Callable[[], Awaitable[T]], wanted: T, *, what: str, within: float = PATIENCE) -> None:
    """Until `look` gives `wanted`."""
    deadline = time.monotonic() + within
    seen = await look()
    while seen != wanted:
        if time.monotonic() > deadline:
            raise AssertionError(f"not in {within:.0f} s: {what}: {seen!r}, not {wanted!r}")
        await asyncio.sleep(PERIOD)
        seen = await look()
