"""The lock of a cluster: a second holder of the same prefix waits, one of another prefix does not."""

import fcntl
from pathlib import Path

import pytest

from e2e.cluster import exclusive
from e2e.cluster.settings import Settings
from e2e.cluster.shell import NotReadyError


def test_the_same_prefix_waits_and_another_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exclusive, "PATIENCE", 0)
    one, other = (Settings(prefix=prefix, cache=tmp_path) for prefix in ("one", "other"))
    with exclusive.change(one):
        with exclusive.change(other):
            pass
        with pytest.raises(NotReadyError, match="cluster one"), exclusive.change(one):
            pass
    with exclusive.change(one), (tmp_path / "one.lock").open() as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
