"""The Postfix entrypoint is a shell script and cannot import names: its paths and numbers must be the same.

Its function that counts damaged queue files is run as it stands there.
"""

import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from smtppool.api import names

ENTRYPOINT = Path(__file__).parents[3] / "images" / "relay" / "postfix-entrypoint"


def constants() -> dict[str, str]:
    """What the script's `readonly` lines define, with references to earlier ones resolved."""
    found: dict[str, str] = {}
    for line in ENTRYPOINT.read_text().splitlines():
        if line.startswith("readonly "):
            for word in shlex.split(line)[1:]:
                name, _, value = word.partition("=")
                found[name] = re.sub(r"\$(\w+)", lambda match: found[match[1]], value)
    return found


@pytest.mark.parametrize(
    "name",
    [
        *("CONFIG_DIR", "POSTFIX_DIR", "CREDENTIALS_DIR", "SASL_PASSWORDS", "QUEUE_DIR", "DATA_DIR"),
        *("LOG_DIR", "STATE_DIR", "MAILLOG", "RELOAD_REQUEST", "CORRUPT_COUNT", "AGENT_UID"),
    ],
)
def test_same_as_in_names(name: str) -> None:
    assert constants()[name] == str(getattr(names, name))


def test_it_can_be_run() -> None:
    assert ENTRYPOINT.stat().st_mode & 0o111


THIEF = """
import os, sys
while True:
    try:
        os.symlink(sys.argv[1], sys.argv[2])
    except FileExistsError:
        pass
"""


def test_a_secret_is_written_into_nothing_that_others_made(tmp_path: Path) -> None:
    """Somebody makes a link in its place, as fast as possible; at worst the write fails, and the container with it."""
    text = ENTRYPOINT.read_text()
    start = text.index("write_secret() {")
    function = text[start : text.index("\n}\n", start) + 3]
    loot, secret = tmp_path / "loot", tmp_path / "secret"
    run = ["bash", "-c", f"set -euo pipefail\n{function}\nprintf hush | write_secret {secret}"]
    with subprocess.Popen([sys.executable, "-c", THIEF, loot, secret]) as thief:
        try:
            until = time.monotonic() + 10
            while not secret.is_symlink() and time.monotonic() < until:
                time.sleep(0.01)  # for the thief to begin
            for _ in range(20):
                subprocess.run(run, capture_output=True, timeout=10, check=False)
                assert not loot.exists()
        finally:
            thief.kill()
    secret.unlink(missing_ok=True)
    subprocess.run(run, capture_output=True, timeout=10, check=True)
    assert (secret.read_text(), secret.stat().st_mode & 0o777) == ("hush", 0o600)


def published(root: Path, *, counted: str = "unknown") -> str | None:
    """What the script's function makes of the queue below `root`, having counted `counted` before."""
    text = ENTRYPOINT.read_text()
    start = text.index("publish_corrupt() {")
    function = text[start : text.index("\n}\n", start) + 3]
    script = f"set -euo pipefail\n{function}\nsay() {{ exit 3; }}\npublish_corrupt\nls -A {root / 'run'}"
    variables = {"QUEUE_DIR": str(root / "queue"), "CORRUPT_COUNT": str(root / "run" / "corrupt"), "corrupt": counted}
    run = ["bash", "-c", script]
    listed = subprocess.run(run, env=variables, capture_output=True, text=True, timeout=10, check=True).stdout
    assert listed in {"", "corrupt\n"}, "nothing else is left behind"
    return (root / "run" / "corrupt").read_text() if listed else None


def test_damaged_files_are_counted(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert published(tmp_path) == "0\n", "Postfix has not made its directories yet"
    directory = tmp_path / "queue" / "corrupt"
    directory.mkdir(parents=True)
    assert published(tmp_path) == "0\n"
    (directory / "4gZq1x2Y3Zz9").touch()
    (directory / "4gZq1x2Y3Zzb").touch()
    assert published(tmp_path, counted="0") == "2\n"


def test_an_unchanged_count_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert published(tmp_path, counted="0") is None


def test_the_count_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    target = tmp_path / "target"
    target.write_text("untouched")
    for name in ("corrupt", "corrupt.new"):
        (tmp_path / "run" / name).symlink_to(target)
    assert published(tmp_path) == "0\n"
    assert target.read_text() == "untouched"
