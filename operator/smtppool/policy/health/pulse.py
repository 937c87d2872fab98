"""Whether a relay is there at all: the pool's rules must not count on one that is dead.

Its weight is another matter: HAProxy takes a dead relay out itself, and sooner (decision 0003).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

LASTING: Final = timedelta(seconds=10)
"""Own choice: a blink of readiness or of the checks under load is over in 3 s or less (two probes and the way to the
operator); longer than that would leave the traffic to nobody. The same for a relay that comes back: one whose Postfix
ends again and again is up for a few seconds each time."""


@dataclass(frozen=True)
class Pulse:
    """What holds, and since when the looks say otherwise."""

    alive: bool
    doubted_since: datetime | None = None

    def seen(self, *, up: bool, now: datetime) -> "Pulse":
        """Another look."""
        if up == self.alive:
            return Pulse(self.alive)
        since = min(self.doubted_since or now, now)
        return Pulse(up) if now - since >= LASTING else Pulse(self.alive, since)

    @property
    def due(self) -> datetime | None:
        """When time alone changes it."""
        return self.doubted_since + LASTING if self.doubted_since else None
