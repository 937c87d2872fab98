"""Waiting for a state of a real system: bounded, and with the last thing seen in the error."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

INTERVAL = 0.2


def until(observe: Callable[[], T], *, what: str, timeout: float, interval: float = INTERVAL) -> T:
    """The first truthy observation; AssertionError with `what` and the last observation after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        seen = observe()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"after {timeout:.0f} s still not: {what}; last seen: {seen!r}")
        time.sleep(interval)


def equal(observe: Callable[[], T], expected: T, *, what: str, timeout: float, interval: float = INTERVAL) -> T:
    """Wait until the observation equals `expected`; the error shows the last one."""
    deadline = time.monotonic() + timeout
    while (seen := observe()) != expected:
        if time.monotonic() > deadline:
            raise AssertionError(f"after {timeout:.0f} s {what} is {seen!r}, not {expected!r}")
        time.sleep(interval)
    return seen
