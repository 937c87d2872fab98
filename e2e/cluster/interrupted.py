"""Tests stop a control plane, cordon nodes and cut networks: a run that was killed in the middle leaves that behind.

A mark lies beside the cluster while tests run, locked by whoever runs them. One that nobody holds is of a killed run.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from e2e.cluster.exclusive import taken
from e2e.cluster.settings import Settings


@contextmanager
def under_test(settings: Settings) -> Iterator[None]:
    """Around a run of tests; what ends it in another way than a return leaves the mark."""
    mark = _mark(settings)
    mark.parent.mkdir(parents=True, exist_ok=True)
    with mark.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        yield
        mark.unlink(missing_ok=True)


def interrupted(settings: Settings) -> bool:
    """Whether the last run of tests on this cluster was killed, and its state is anybody's guess."""
    try:
        with _mark(settings).open() as left:
            return taken(left)
    except FileNotFoundError:
        return False


def forget(settings: Settings) -> None:
    """The cluster of that run is gone."""
    _mark(settings).unlink(missing_ok=True)


def _mark(settings: Settings) -> Path:
    return settings.run / "under-test"
