"""How often something may happen for each key: a burst, then one in each refill. For causes that others control."""

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

REMEMBERED = 4096  # keys; who is forgotten has the whole burst again
K = TypeVar("K", bound=Hashable)


class Budget(Generic[K]):
    """Remembers for each key when its whole burst is there again."""

    def __init__(self, *, burst: int, refill: timedelta) -> None:
        self._burst = burst
        self._refill = refill
        self._full_at: OrderedDict[K, datetime] = OrderedDict()

    def spend(self, key: K, now: datetime) -> bool:
        """Take one, if one is left."""
        # A clock that was set back must not lock a key out for longer than a burst takes.
        full = min(max(now, self._full_at.get(key, now)), now + self._burst * self._refill)
        left = full - now <= (self._burst - 1) * self._refill
        self._full_at[key] = full + self._refill if left else full
        self._full_at.move_to_end(key)
        if len(self._full_at) > REMEMBERED:
            self._full_at.popitem(last=False)
        return left
