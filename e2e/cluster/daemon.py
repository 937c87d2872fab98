"""Daemons that outlive the command that started them, known by a pid file and stopped by it alone.

The pid file also holds the process' start time: pids are used again, also across a restart of the machine.
"""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster.shell import NotReadyError, environment, wait_until

STOP_TIMEOUT = 30
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, kw_only=True)
class Daemon:
    """One background program; its log and its pid file lie in `directory`."""

    name: str
    argv: Sequence[str]
    directory: Path

    @property
    def log(self) -> Path:
        return self.directory / f"{self.name}.log"

    def start(self) -> None:
        """Start it in a session of its own, so that no terminal takes it along."""
        self.directory.mkdir(parents=True, exist_ok=True)
        opened = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        streams = (
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(self.log), opened, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        )
        # Not Popen: it wants every child to be waited for, and this one is meant to outlive us.
        pid = os.posix_spawnp(self.argv[0], list(self.argv), environment(), file_actions=streams, setsid=True)
        self._pid_file.write_text(f"{pid} {start_time(pid)}")

    def pid(self) -> int | None:
        """The pid, if the process still is this daemon."""
        match self._pid_file.read_text().split() if self._pid_file.exists() else []:
            case [pid, started] if start_time(int(pid)) == started:
                return int(pid)
        return None

    def stop(self) -> None:
        """SIGTERM, then SIGKILL for what does not follow."""
        if pid := self.pid():
            os.kill(pid, signal.SIGTERM)
            try:
                wait_until(lambda: self.pid() is None, reason=f"the end of {self.name}", timeout=STOP_TIMEOUT)
            except NotReadyError:
                os.kill(pid, signal.SIGKILL)
        self._pid_file.unlink(missing_ok=True)

    @property
    def _pid_file(self) -> Path:
        return self.directory / f"{self.name}.pid"


def start_time(pid: int) -> str | None:
    """When a process began, in clock ticks since boot together with the boot's id; None if it is gone or a zombie."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if after_name[0] in "ZX" else f"{after_name[19]}@{BOOT_ID.read_text().strip()}"
