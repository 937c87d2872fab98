"""Waiting for a state of a real system: bounded, and with the last thing seen in the error."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from e2e.stand.kubectl import KubectlError

T = TypeVar("T")

INTERVAL = 0.2
TELLING = 5.0


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


@contextmanager
def telling(state: Callable[[], str], show: Callable[[str], None], *, every: float = TELLING) -> Iterator[None]:
    """For somebody who watches a long step: what it waits for, now and then while the block runs.

    What cannot be asked yet, as its kind or namespace is not there, is left out.
    """
    over = threading.Event()

    def tell() -> None:
        while not over.wait(every):
            try:
                show(state())
            except (KubectlError, subprocess.TimeoutExpired):
                continue

    teller = threading.Thread(target=tell, name="telling", daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
