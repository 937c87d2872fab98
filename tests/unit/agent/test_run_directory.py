"""The directory that all containers of a pod write to: what root does there can be turned by no other container.

Functions of the Postfix entrypoint are run as they stand there.
"""

import subprocess
from pathlib import Path

import pytest

from smtppool.agent import prestop
from smtppool.api import names

ENTRYPOINT = Path(__file__).parents[3] / "images" / "relay" / "postfix-entrypoint"


def function(name: str) -> str:
    text = ENTRYPOINT.read_text()
    start = text.index(f"\n{name}() {{")
    return text[start : text.index("\n}\n", start) + 3]


def run(script: str, *functions: str, **variables: str) -> str:
    """What the script says, with these functions of the entrypoint."""
    whole = "\n".join(["set -euo pipefail", *map(function, functions), script])
    done = subprocess.run(["bash", "-c", whole], env=variables, capture_output=True, text=True, timeout=10, check=True)
    return done.stdout


def test_nobody_deletes_what_is_anothers(tmp_path: Path) -> None:
    shared = tmp_path / "run"
    shared.mkdir()
    shared.chmod(0o777)  # as the kubelet makes it
    run("protect_run_directory", "protect_run_directory", RUN_DIR=str(shared))
    assert shared.stat().st_mode & 0o7777 == 0o1777


def test_it_is_protected_before_anything_is_written_to_it() -> None:
    assert f"\nreadonly RUN_DIR={names.RUN_DIR}\n" in ENTRYPOINT.read_text()
    main = function("main")
    assert main.index("protect_run_directory") < main.index("write_credentials") < main.index("supervise")


ROTATION = """
next_reload=0 next_log_check=0 rotated=no
postfix() { printf '%s ' "$*"; }
rotate_when_large
reload_when_asked
reload_when_asked
"""


@pytest.mark.parametrize(("size", "said"), [(5, "reload "), (3, "")], ids=["too large", "small"])
@pytest.mark.parametrize("linked", [True, False])
def test_a_rotated_log_reloads_postfix_once_and_follows_no_link(
    tmp_path: Path, linked: bool, size: int, said: str
) -> None:
    """A link that dangles: opened by its name it would make the file."""
    log, request, target = tmp_path / "maillog", tmp_path / "reload", tmp_path / "target"
    log.write_text("x" * size)
    if linked:
        request.symlink_to(target)
    variables = {"MAILLOG": str(log), "RELOAD_REQUEST": str(request), "PATH": "/usr/bin:/bin"}
    limits = {"LOG_LIMIT": "4", "LOG_CHECK_INTERVAL": "60", "RELOAD_INTERVAL": "0"}
    assert run(ROTATION, "rotate_when_large", "reload_when_asked", **variables, **limits) == said
    assert (tmp_path / "maillog.1").exists() == bool(said)
    assert not target.exists()


def test_a_request_reloads_postfix(tmp_path: Path) -> None:
    request = tmp_path / "reload"
    request.touch()
    variables = {"MAILLOG": str(tmp_path / "maillog"), "RELOAD_REQUEST": str(request), "PATH": "/usr/bin:/bin"}
    limits = {"LOG_LIMIT": "4", "LOG_CHECK_INTERVAL": "60", "RELOAD_INTERVAL": "0"}
    assert run(ROTATION, "rotate_when_large", "reload_when_asked", **variables, **limits) == "reload "
    assert not request.exists()


def test_the_flag_of_the_stop_follows_no_link(tmp_path: Path) -> None:
    flag, target = tmp_path / "stopping", tmp_path / "target"
    flag.symlink_to(target)
    prestop.raise_flag(flag)
    assert not target.exists()
    assert flag.exists()
    assert not flag.is_symlink()
    prestop.raise_flag(flag)
    assert flag.exists(), "also a second time"


def test_a_flag_that_cannot_be_made_stops_no_stop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prestop.raise_flag(tmp_path / "absent" / "stopping")
    assert "stopping" in capsys.readouterr().err
