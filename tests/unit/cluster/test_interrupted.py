"""A test run that was killed is told from one that ended and from one that still goes on."""

import subprocess
import sys
from pathlib import Path

import pytest

from e2e.cluster.interrupted import forget, interrupted, under_test
from e2e.cluster.settings import Settings

RUN = """
import sys
from pathlib import Path
from e2e.cluster.interrupted import under_test
from e2e.cluster.settings import Settings
with under_test(Settings(prefix="one", cache=Path(sys.argv[1]))):
    print("running", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(prefix="one", cache=tmp_path)


def test_a_run_that_ends_leaves_nothing(settings: Settings) -> None:
    assert not interrupted(settings)
    with under_test(settings):
        assert not interrupted(settings), "it goes on"
    assert not interrupted(settings)


def test_a_killed_run_is_told_until_its_cluster_is_gone(settings: Settings) -> None:
    command = [sys.executable, "-c", RUN, str(settings.cache)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        run.stdout.readline()
        assert not interrupted(settings), "another process runs it"
        run.kill()
    assert interrupted(settings)
    forget(settings)
    assert not interrupted(settings)


def test_a_run_that_was_broken_off_is_told(settings: Settings) -> None:
    with pytest.raises(KeyboardInterrupt), under_test(settings):
        raise KeyboardInterrupt
    assert interrupted(settings)
