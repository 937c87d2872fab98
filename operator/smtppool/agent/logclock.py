"""When a log line was written, on a clock that never goes back: what the sliding windows are kept by.

The log has wall-clock seconds, which jump. So a line's own time counts only as its age, and only within bounds: not in
the future, and not before the log was last read to its end. Lines that are read as they come thus count now, whatever
the clock does; those of a backlog, after a restart, where they belong.
"""

import calendar
import logging
import time
from collections.abc import Callable
from typing import Final, NamedTuple

log = logging.getLogger(__name__)

_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"), start=1
    )
}
_DAY: Final = 86400
JUMP: Final = 2.0  # seconds; less may be a clock that is put right, or a pause between two looks at it


class Moment(NamedTuple):
    """`at`: second of the log clock; `text`: the line's own time, RFC 3339."""

    at: int
    text: str


class LogClock:
    """Seconds since 1970 by the wall clock of the start, from then on by the steady one."""

    def __init__(self, *, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._wall, self._steady = wall, steady
        self._offset = self._seen_offset = wall() - steady()
        self.jumps = 0
        self._end_seen = float("-inf")  # steady time at which the log was last read to its end

    def now(self) -> int:
        """The current second."""
        return int(self._steady() + self._offset)

    def not_before(self, at: int) -> None:
        """An earlier process was at `at` already: the wall clock went back meanwhile."""
        behind = at - self._steady() - self._offset
        self._offset += max(behind, 0.0)
        self.jumps += behind > JUMP

    def end_of_log(self) -> None:
        """All that was in the log has been read: what comes next is written from now on."""
        self._end_seen = self._steady()

    def reader(self) -> Callable[[bytes], Moment | None]:
        """For the lines of one chunk: `Nov 21 15:59:01` -> its moment; None for what is no time."""
        wall, steady = self._wall(), self._steady()
        self._look_for_jump(wall - steady)
        oldest, now = steady - self._end_seen, steady + self._offset
        known: dict[bytes, Moment | None] = {}

        def moment(text: bytes) -> Moment | None:
            if text not in known:
                written = epoch(text, now=wall)
                age = 0.0 if written is None else min(max(wall - written, 0.0), oldest)
                known[text] = None if written is None else Moment(int(now - age), rfc3339(written))
            return known[text]

        return moment

    def _look_for_jump(self, offset: float) -> None:
        if abs(offset - self._seen_offset) > JUMP:
            log.warning("wall clock jumped", extra={"seconds": round(offset - self._seen_offset)})
            self.jumps += 1
        self._seen_offset = offset


def epoch(text: bytes, *, now: float) -> int | None:
    """Seconds of the log's time, which has no year and is UTC in the pod: the latest that is at most a day ahead."""
    month = _MONTHS.get(text[:3])
    if month is None:
        return None
    day, hour, minute, second = int(text[4:6]), int(text[7:9]), int(text[10:12]), int(text[13:15])
    year = time.gmtime(now).tm_year
    years = (calendar.timegm((one, month, day, hour, minute, second)) for one in (year + 1, year, year - 1))
    return next((written for written in years if written <= now + _DAY), None)


def rfc3339(seconds: int) -> str:
    """As documents and events have it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
