"""Run programs and say what happens: every command has a timeout, every failure shows the end of its output.

No shell is involved; what a program printed is never thrown away when it fails.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from e2e.cluster.errors import ClusterError

Input = str | IO[bytes] | None
SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"  # not in everybody's PATH, and most of the tools lie there
TAIL = 4000
TICK = 20.0  # seconds between the lines that say a step is still at work


class CommandFailedError(ClusterError):
    """A program ended with an error or did not end in time."""


class NotReadyError(ClusterError):
    """Something that was waited for did not come about in time."""


def say(text: str) -> None:
    """One progress line with the time of day, on stderr: stdout belongs to results."""
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


def run(
    *argv: str | Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: Input = None,
    timeout: float = 60,
) -> str:
    """Standard output of a program that must succeed; `env` is added to the present environment."""
    words = [str(word) for word in argv]
    source: dict[str, Any] = {"input": stdin.encode()} if isinstance(stdin, str) else {"stdin": stdin}
    try:
        done: subprocess.CompletedProcess[bytes] = subprocess.run(
            words, env=environment(env), cwd=cwd, capture_output=True, timeout=timeout, check=False, **source
        )
    except subprocess.TimeoutExpired as late:
        raise CommandFailedError(f"{' '.join(words)}: no end after {timeout:.0f} s") from late
    except FileNotFoundError as missing:
        raise CommandFailedError(f"{words[0]}: not found") from missing
    if done.returncode:
        raise CommandFailedError(f"{' '.join(words)}: exit {done.returncode}\n{_tail(done.stderr or done.stdout)}")
    return done.stdout.decode(errors="replace")


def succeeds(*argv: str | Path, env: Mapping[str, str] | None = None, timeout: float = 20) -> bool:
    """Whether a probing command ends with 0; a missing program or a timeout is a no."""
    try:
        run(*argv, env=env, timeout=timeout)
    except CommandFailedError:
        return False
    return True


def replace_self(argv: Sequence[str], env: Mapping[str, str]) -> None:
    """Become another program, with its exit code and its signals."""
    sys.stderr.flush()
    try:
        os.execvpe(argv[0], list(argv), environment(env))  # noqa: S606 - no shell is the point
    except FileNotFoundError as missing:
        raise CommandFailedError(f"{argv[0]}: not found") from missing


@contextmanager
def step(what: str) -> Iterator[None]:
    """Announce a step, say every 20 s that it is still at work, and how long it took."""
    begin = time.monotonic()
    ended = threading.Event()

    def tick() -> None:
        while not ended.wait(TICK):
            say(f"  ... {what}: {time.monotonic() - begin:.0f} s")

    say(what)
    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    try:
        yield
    finally:
        ended.set()
        ticker.join()
    say(f"  {what}: done in {time.monotonic() - begin:.1f} s")


def wait_until(true: Callable[[], bool], *, reason: str, timeout: float, every: float = 0.1) -> None:
    """Poll until `true()`; `reason` completes the sentence "waited in vain for ..."."""
    deadline = time.monotonic() + timeout
    while not true():
        if time.monotonic() > deadline:
            raise NotReadyError(f"waited {timeout:.0f} s in vain for {reason}")
        time.sleep(every)


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The present variables and `extra`, with the system's directories in PATH."""
    given = {**os.environ, **(extra or {})}
    return {**given, "PATH": f"{given.get('PATH', os.defpath)}:{SYSTEM_PATH}"}


def _tail(output: bytes) -> str:
    return output.decode(errors="replace").strip()[-TAIL:]
