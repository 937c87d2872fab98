"""The shape check finds what it is there for."""

import re
from pathlib import Path

import pytest

from hack.shape import MAX_FILE, MAX_FUNCTION, check_clock, check_shell, check_size, check_text

MACHINE = re.compile(r"(?<![\w.-])/home/someone(?=/)")


@pytest.mark.parametrize(
    ("path", "line", "found"),
    [
        ("docs/a.md", "see /home/someone/x", 1),
        ("docs/a.md", "see files.d/home/someone/x", 0),
        ("images/relay/Containerfile", "COPY /home/someone/x /", 0),
        ("images/relay/Containerfile", "RUN fetch https://py" + "pi.org/simple", 1),
        ("hack/a.sh", "GOPROXY=https://proxy" + ".golang.org", 1),
        ("docs/a.md", "a page about proxies", 0),
    ],
)
def test_text(path: str, line: str, found: int) -> None:
    assert len(list(check_text(path, line, machine=MACHINE))) == found


def test_sizes() -> None:
    body = "    pass\n"
    assert list(check_size("a.py", "def f():\n" + body * (MAX_FUNCTION - 1))) == []
    assert len(list(check_size("a.py", "def f():\n" + body * MAX_FUNCTION))) == 1
    assert list(check_size("a.py", "x = 1\n" * MAX_FILE)) == []
    assert len(list(check_size("a.py", "x = 1\n" * (MAX_FILE + 1)))) == 1


@pytest.mark.parametrize("call", ["datetime.now(UTC)", "datetime.datetime.utcnow()", "date.today()"])
def test_clock(call: str) -> None:
    assert len(list(check_clock("a.py", f"x = {call}\n"))) == 1
    assert list(check_clock("a.py", "x = decide(now=now)\n")) == []


def test_shell_scripts_are_read(tmp_path: Path) -> None:
    sound, unsound = tmp_path / "sound.sh", tmp_path / "unsound.sh"
    sound.write_text('#!/bin/bash\necho "$1"\n')
    unsound.write_text("#!/bin/bash\necho $1\n")
    assert list(check_shell([str(sound)])) == []
    assert any("SC2086" in line for line in check_shell([str(sound), str(unsound)]))
    assert any("missing.sh" in line for line in check_shell([str(tmp_path / "missing.sh")]))
