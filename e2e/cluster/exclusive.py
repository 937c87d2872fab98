"""One change of a cluster at a time: a second `up` must not take the half-made cluster of the first for a wreck."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from e2e.cluster.settings import Settings
from e2e.cluster.shell import say, wait_until

PATIENCE = 3600  # a first `up` builds Kubernetes


@contextmanager
def change(settings: Settings) -> Iterator[None]:
    """Hold the lock of this prefix; the kernel lets go of it when the process ends, however that happens."""
    settings.cache.mkdir(parents=True, exist_ok=True)
    with (settings.cache / f"{settings.prefix}.lock").open("w") as lock:
        if not taken(lock):
            say(f"another process changes cluster {settings.prefix}; waiting for it")
            reason = f"the other process that changes cluster {settings.prefix}"
            wait_until(lambda: taken(lock), reason=reason, timeout=PATIENCE, every=0.5)
        yield


def taken(lock: IO[str]) -> bool:
    """Whether it is ours now; False while another process holds it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
