"""A program that may not outlive the process that started it: if that dies, the kernel ends the program too.

For control planes and the like that belong to one test run; daemons that stay are in `daemon.py`.
"""

import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from e2e.cluster.shell import NotReadyError, wait_until

KILL_TIMEOUT = 20


class BoundProgram:
    """One child process with its log file; may be started again after a stop.

    `patience` is the time in seconds that it gets to end by itself.
    """

    def __init__(self, *, argv: Sequence[str | Path], log: Path, patience: float = 5) -> None:
        # setpriv asks the kernel to end the program with its parent.
        self._argv = ["setpriv", "--pdeathsig", "KILL", *map(str, argv)]
        self._log = log
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._argv, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)

    def stop(self) -> None:
        """End it with SIGTERM, and with SIGKILL if it does not follow; nothing to do if it does not run."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(self._patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(KILL_TIMEOUT)
        self._process = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise NotReadyError(f"{self._argv[3]} does not run")
        return self._process.pid

    def wait_until(self, true: Callable[[], bool], *, reason: str, timeout: float) -> None:
        """Wait for something this program brings about; its end is an error at once, not after the timeout."""

        def alive_and_true() -> bool:
            code = self._process.poll() if self._process else None
            if code is not None:
                raise NotReadyError(f"{self._argv[3]} ended with {code} before {reason}:\n{self._tail()}")
            return true()

        wait_until(alive_and_true, reason=f"{reason} (log: {self._log})", timeout=timeout, every=0.05)

    def _tail(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]
