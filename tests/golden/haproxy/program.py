"""HAProxy of the distribution that the relay image is made from, unpacked into the cache: it also runs on older hosts.

Run through its own dynamic loader, so it needs no chroot and no rights.
"""

from pathlib import Path
from typing import Final

from e2e.cluster.content import key_of, made_at
from e2e.cluster.settings import from_environment
from e2e.cluster.shell import run, step
from e2e.cluster.versions import IMAGE_SUITE

PACKAGES: Final = "haproxy"
UNPACK_TIMEOUT: Final = 300


def command() -> list[str]:
    """The first words of a command line that runs it."""
    root = _root()
    libraries = next((root / "usr/lib").glob("*-linux-gnu"))
    loader = next(root.glob("usr/lib*/ld-linux*.so.*"))
    return [str(loader), "--library-path", str(libraries), str(root / "usr/sbin/haproxy")]


def _root() -> Path:
    root = from_environment().cache / "haproxy" / f"{IMAGE_SUITE}-{key_of(IMAGE_SUITE, PACKAGES)}"
    if not root.exists():
        with step(f"unpack HAProxy of Debian {IMAGE_SUITE}"), made_at(root) as target:
            run(
                "mmdebstrap", "--quiet", "--variant=extract", f"--include={PACKAGES}", IMAGE_SUITE, target,
                timeout=UNPACK_TIMEOUT,
            )  # fmt: skip
    return root
