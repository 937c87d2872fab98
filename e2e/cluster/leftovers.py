"""Clear what an earlier run of the same prefix left: processes, mounts, network namespace, cgroups.

Everything is found by a name that carries the prefix or lies below its directories, so nothing of anybody else's is
touched. Each part may be gone already.
"""

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from e2e.cluster.daemon import start_time
from e2e.cluster.settings import Settings
from e2e.cluster.shell import run, wait_until

CGROUPS = Path("/sys/fs/cgroup")
PROGRAMS = {"nsenter", "dockerd", "containerd", "containerd-shim", "containerd-shim-runc-v2"}
END_TIMEOUT = 20


def clear(settings: Settings) -> None:
    """Leave no trace of the private engine of this prefix except its image store."""
    _kill(_members(settings), reason=f"the end of the containers of {settings.prefix}")
    _kill(_programs(settings), reason=f"the end of the engine programs of {settings.prefix}")
    for mount in sorted(_mounts_below(settings.run, settings.engine_root), reverse=True):
        run("umount", "--lazy", mount)
    if Path("/run/netns", settings.prefix).exists():
        run("ip", "netns", "delete", settings.prefix)
    for cgroup in _cgroups(settings):
        _remove_cgroup(cgroup)


def _cgroups(settings: Settings) -> Iterator[Path]:
    """The engine's cgroup: one on a host with cgroup v2, one per hierarchy with v1."""
    yield from (path for path in (CGROUPS / settings.prefix, *CGROUPS.glob(f"*/{settings.prefix}")) if path.is_dir())


def _members(settings: Settings) -> set[int]:
    found: set[int] = set()
    for cgroup in _cgroups(settings):
        for file in cgroup.rglob("cgroup.procs"):
            with suppress(OSError):
                found.update(int(pid) for pid in file.read_text().split())
    return found


def _programs(settings: Settings) -> set[int]:
    """Daemons and shims whose command line names a file of this run; their pid files may never have been written."""
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return {pid for pid in pids if _is_engine_program(_words(pid), f"{settings.run}/")}


def _is_engine_program(words: list[str], run_directory: str) -> bool:
    return bool(words) and Path(words[0]).name in PROGRAMS and any(run_directory in word for word in words)


def _words(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


def _kill(pids: Iterable[int], *, reason: str) -> None:
    waiting = set(pids)
    for pid in waiting:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if waiting:
        wait_until(lambda: not any(map(start_time, waiting)), reason=reason, timeout=END_TIMEOUT)


def _mounts_below(*roots: Path) -> list[str]:
    points = (line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines())
    return [point for point in points if any(Path(point).is_relative_to(root) for root in roots)]


def _remove_cgroup(cgroup: Path) -> None:
    for directory, _, _ in os.walk(cgroup, topdown=False):
        wait_until(partial(_removed, directory), reason=f"cgroup {directory} to be empty", timeout=END_TIMEOUT)


def _removed(path: str) -> bool:
    try:
        Path(path).rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
