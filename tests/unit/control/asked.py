"""A queue that only notes what it was asked for."""

from typing import Any


class Asked:
    """Keys, by whether they are wanted now or later."""

    def __init__(self) -> None:
        self.now: set[Any] = set()
        self.later: set[Any] = set()

    def add(self, key: Any) -> None:
        self.now.add(key)

    def add_after(self, key: Any, _seconds: float) -> None:
        self.later.add(key)
