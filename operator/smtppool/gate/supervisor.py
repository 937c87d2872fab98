"""Holds the sockets and keeps one worker alive behind them: a client of a worker that dies waits for the next one.

Must stay small, as it lives as long as the pod: it forks before anything large is imported, and only the worker loads
the models and the event loop.
"""

import os
import resource
import signal
import socket
import sys
import time
from types import FrameType
from typing import NoReturn

from smtppool.gate.sockets import listen

SHORTEST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
SOUND_LIFE = 10.0  # seconds; a worker that lived so long did not fail at its start


class Supervisor:
    """One worker at a time; `stopping` is set by the signal that ends the pod."""

    def __init__(self, sockets: dict[str, socket.socket]) -> None:
        self.sockets = sockets
        self.worker = 0
        self.stopping = False

    def run(self) -> int:
        """Start workers until told to stop; 0 then."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        pause = SHORTEST_PAUSE
        while True:
            begun = time.monotonic()
            self._start()
            status = self._wait()
            if self.stopping:
                return 0
            lived = time.monotonic() - begun
            pause = SHORTEST_PAUSE if lived >= SOUND_LIFE else min(2 * pause, LONGEST_PAUSE)
            say(f"worker ended with status {status} after {lived:.1f} s; the next one starts in {pause:.1f} s")
            time.sleep(pause)

    def _start(self) -> None:
        self.worker = os.fork()
        if self.worker == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            work(self.sockets, wanted=not self.stopping)
        if self.stopping:
            os.kill(self.worker, signal.SIGTERM)

    def _wait(self) -> int:
        """The worker's status. As process 1 of its container this also reaps what others left."""
        while True:
            pid, status = os.wait()
            if pid == self.worker:
                self.worker = 0
                return os.waitstatus_to_exitcode(status)

    def _stop(self, signum: int, frame: FrameType | None) -> None:
        del signum, frame
        self.stopping = True
        if self.worker:
            os.kill(self.worker, signal.SIGTERM)


def work(sockets: dict[str, socket.socket], *, wanted: bool) -> NoReturn:
    """The worker's whole life; never returns into the supervisor's code."""
    status = 1
    try:
        if wanted:
            from smtppool.gate.worker import main  # noqa: PLC0415  (loads the models: never in the supervisor)

            main(sockets)
        status = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
        raise
    finally:
        sys.stderr.flush()
        os._exit(status)


def run() -> int:
    """Bind all sockets and supervise."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return Supervisor(listen()).run()


def say(text: str) -> None:
    """One line for the container's log."""
    print(f"gate: {text}", file=sys.stderr, flush=True)  # noqa: T201  (logging would cost memory for two lines)
