"""The share of time in which a relay was there for clients: ready, and taking connections as its peers' checks say.

Time in which it was not meant to serve (cordoned, rolled, drained) is no evidence, and neither is time that nobody saw.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

SPAN: Final = timedelta(hours=24)
BUCKET: Final = timedelta(minutes=15)
LEAST: Final = timedelta(hours=1)
"""Own choice: a restart of half a minute is 1 % of an hour, and nothing to speak of in less."""
LONGEST_GAP: Final = timedelta(minutes=2)
"""Between two looks; reports come at least once a minute."""


class Bucket(NamedTuple):
    """Seconds of a quarter of an hour; `number` counts them since the epoch."""

    number: int
    observed: float
    up: float


@dataclass(frozen=True)
class Uptime:
    """What was seen so far. `last`: the latest look, and whether it was up; None: not meant to be."""

    buckets: tuple[Bucket, ...] = ()
    last: tuple[datetime, bool | None] | None = None

    def seen(self, *, up: bool | None, now: datetime) -> "Uptime":
        """Another look; the time since the last one counts as that one saw it."""
        kept = tuple(bucket for bucket in self.buckets if bucket.number > _number(now - SPAN))
        since = (now - self.last[0]).total_seconds() if self.last else 0.0
        if self.last is None or self.last[1] is None or not 0 < since <= LONGEST_GAP.total_seconds():
            return Uptime(kept, (now, up))
        gained = since if self.last[1] else 0.0
        if kept and kept[-1].number == _number(now):
            latest = kept[-1]._replace(observed=kept[-1].observed + since, up=kept[-1].up + gained)
            return Uptime((*kept[:-1], latest), (now, up))
        return Uptime((*kept, Bucket(_number(now), since, gained)), (now, up))

    @property
    def share(self) -> float | None:
        """0..1; None while there is too little evidence."""
        observed = sum(bucket.observed for bucket in self.buckets)
        if observed < LEAST.total_seconds():
            return None
        return min(1.0, sum(bucket.up for bucket in self.buckets) / observed)


def _number(moment: datetime) -> int:
    return int(moment.timestamp() // BUCKET.total_seconds())
