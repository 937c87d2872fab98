"""Turns the maillog into delivery events on stdout, into metrics, and into the windows of the report.

Two places in the log are kept. `log-state.json` has the windows with the place up to which they were counted, written
every 10 s, at a rotation and at the end, so that after a kill nothing is counted twice or missed. `maillog.json` has
the place up to which events were told: lines between the two are counted in the windows again, and told no more.
"""

import asyncio
import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TextIO

from smtppool.agent.deliveries import Learn
from smtppool.agent.facts import Board
from smtppool.agent.logclock import LogClock
from smtppool.agent.logcounts import LogCounts
from smtppool.agent.logplace import Place
from smtppool.agent.maillog import LogTail
from smtppool.agent.pipeline import Pipeline
from smtppool.agent.settings import Settings
from smtppool.api import names
from smtppool.kube import files

log = logging.getLogger(__name__)

IDLE_INTERVAL: Final = 0.25
SAVE_INTERVAL: Final = 10.0
SHOW_INTERVAL: Final = 1.0
STOP_TIMEOUT: Final = 2.0  # for the chunk that is being read; stdout may take nothing for ever
PIPE_BUFFER: Final = 4096  # a pipe takes so much whole, between log lines of other threads
BROKEN: Final = (ValueError, TypeError, KeyError, AttributeError)  # what a file that is not ours makes of itself


class LogReader:
    """Reads on while there is something to read; `tail` and `pipeline.counts` are also looked at by the metrics."""

    def __init__(
        self,
        *,
        settings: Settings,
        board: Board,
        out: TextIO | None = None,
        clock: LogClock | None = None,
        learn: Learn | None = None,
    ) -> None:
        state = settings.paths.at(names.STATE_DIR)
        self._state_file, self._told_file = state / "log-state.json", state / "maillog.json"
        self._board = board
        self._out = out or sys.stdout
        self._clock = clock or LogClock()
        self._untold: list[str] = []
        self._lock = threading.Lock()
        self._stopped = False
        self._saved_at = self._shown_at = float("-inf")
        self._saved: Place | None = None
        self._saved_inode: int | None = None
        self.tail = LogTail(path=settings.paths.at(names.MAILLOG))
        self.pipeline = Pipeline(
            clock=self._clock, fields={"pool": settings.pool, "server": settings.server}, learn=learn
        )

    async def run(self, beat: Callable[[], None]) -> None:
        """Follow the log for ever. File and stdout may block, so both are used off the event loop."""
        self._stopped = False
        try:
            while True:
                at_end = await asyncio.to_thread(self.turn)
                self._board.update(outcomes=self.pipeline.ledger.windows.last_shown)
                beat()
                if at_end:
                    await asyncio.sleep(IDLE_INTERVAL)
        finally:
            self.stop()

    def restore(self) -> None:
        """Begin where the last agent stopped; without its state, from the oldest line there is."""
        told = Place.of(files.read_json(self._told_file))
        place, before = self._restored(files.read_json(self._state_file))
        self.tail.begin_at(place, told=told, before=before)

    def _restored(self, state: Any) -> tuple[Place | None, Place | None]:
        ledger = self.pipeline.ledger
        if state is None:
            return None, None
        try:
            place, before = Place.of(state["place"]), Place.of(state.get("before"))
            self._clock.not_before(int(state["at"]))
            ledger.restore(state)
        except BROKEN as error:
            log.warning("kept counts are unreadable: counted anew from the log", extra={"cause": repr(error)})
            ledger.clear()
            return None, None
        return place, before

    def turn(self) -> bool:
        """Read, count and tell one chunk; whether that was the end of the log."""
        with self._lock:
            if self._stopped:
                return True
            self._tell()
            chunk = self.tail.read()
            if chunk.told:
                self.pipeline.feed(chunk.lines, counts=LogCounts())
            else:
                self.pipeline.feed(chunk.lines, emit=self._untold.append)
                self._tell()
            if chunk.at_end:
                self._clock.end_of_log()
            self._keep(told=bool(chunk.lines) and not chunk.told)
            return chunk.at_end

    def stop(self) -> None:
        """A cancelled turn may still run in its thread: let no other begin, wait for it, and keep all."""
        self._stopped = True
        if not self._lock.acquire(timeout=STOP_TIMEOUT):
            log.warning("stdout takes no events: what was kept last stands")
            return
        try:
            self._save()
            self.tail.close()
        finally:
            self._lock.release()

    def _tell(self) -> None:
        """Write the events; what could not be written comes first at the next turn."""
        for size, text in _batches(self._untold):
            self._out.write(text)
            self._out.flush()
            del self._untold[:size]

    def _keep(self, *, told: bool) -> None:
        now, place = time.monotonic(), self.tail.place()
        if told and place is not None:
            self._write(self._told_file, place._asdict(), durable=False)
        # In another file at once: the one before may be gone at the next rotation.
        if now - self._saved_at >= SAVE_INTERVAL or (place is not None and place.inode != self._saved_inode):
            self._save()
        if now - self._shown_at >= SHOW_INTERVAL:
            self._shown_at = now
            self.pipeline.ledger.windows.shown()

    def _save(self) -> None:
        place = self.tail.place()
        self._saved_at = time.monotonic()
        if place is None or place == self._saved:
            return
        self._saved_inode = place.inode
        before = self.tail.before
        state = {
            "at": self._clock.now(),
            "place": place._asdict(),
            "before": before._asdict() if before else None,
            **self.pipeline.ledger.dump(),
        }
        if self._write(self._state_file, state, durable=True):
            self._saved = place

    def _write(self, path: Path, content: dict[str, Any], *, durable: bool) -> bool:
        """On a full volume read on: to begin again at the old place would tell everything twice, again and again."""
        try:
            (files.replace_durable if durable else files.replace)(path, json.dumps(content))
        except OSError as error:
            log.warning("place in the log not kept", extra={"cause": repr(error)})
            return False
        return True


def _batches(events: list[str]) -> Iterator[tuple[int, str]]:
    """As many whole lines at a time as a pipe takes whole; a longer line alone. Consumed from the front."""
    while events:
        size, text = 1, f"{events[0]}\n"
        while size < len(events) and len(text) + len(events[size]) < PIPE_BUFFER:
            text += f"{events[size]}\n"
            size += 1
        yield size, text
