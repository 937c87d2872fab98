"""Turns at the processor: what the kernel says afterwards, and that the program started is the one asked for."""

import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
MODULE = "smtppool.kube.slices"
NEWER = tuple(map(int, platform.release().split(".")[:2])) >= (6, 12)


def run(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", MODULE, *command],
        cwd=ROOT / "operator", capture_output=True, text=True, check=True, timeout=20,
    )  # fmt: skip
    return done.stdout


def test_the_command_runs_with_its_arguments() -> None:
    assert run("printf", "%s-%s", "one", "two words") == "one-two words"


def test_the_kernel_has_it() -> None:
    """Where the kernel shows it: /proc/<pid>/sched is a matter of its configuration."""
    lines = dict(line.split(":") for line in run("cat", "/proc/self/sched").splitlines() if line.count(":") == 1)
    told = {name.strip(): value.strip() for name, value in lines.items()}
    assert told["policy"] == "0"
    if "se.slice" in told:
        assert (told["se.slice"] == "100000") is NEWER
