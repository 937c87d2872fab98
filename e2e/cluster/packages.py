"""The system packages that this machine's way to a cluster needs: installed on Debian and Ubuntu as root, else named.

Nothing that is installed may start by itself: a daemon that systemd brings up would change what the next run detects.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster.detect import Choice
from e2e.cluster.errors import ClusterError
from e2e.cluster.shell import SYSTEM_PATH, run, step, succeeds

INSTALL_TIMEOUT = 1800
POLICY = Path("/usr/sbin/policy-rc.d")
REFUSE_START = "#!/bin/sh\nexit 101\n"
SYSTEMD = Path("/run/systemd/system")
DAEMONS = ("docker.service", "docker.socket", "containerd.service")
DEBIAN_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


class MissingPackagesError(ClusterError):
    """Programs are missing and cannot be installed from here; the message has the command that does it."""


@dataclass(frozen=True)
class Need:
    """A program, and the packages that may hold it: the first that the distribution knows is taken."""

    program: str
    packages: tuple[str, ...]


CONTROL_PLANE = (Need("openssl", ("openssl",)), Need("setpriv", ("util-linux",)))
NODE_PROGRAM = (  # contract tests run it in network namespaces of this machine
    Need("nft", ("nftables",)),
    Need("ip", ("iproute2",)),
    Need("conntrack", ("conntrack",)),
    Need("nsenter", ("util-linux",)),
)
NODE_IMAGE = (Need("mmdebstrap", ("mmdebstrap",)), Need("tar", ("tar",)), Need("chroot", ("coreutils",)))
PRIVATE_ENGINE = (
    Need("dockerd", ("docker.io",)),
    Need("docker", ("docker-cli", "docker.io")),  # a package of its own from Debian 13 on
    Need("containerd", ("containerd",)),
    Need("runc", ("runc",)),
    Need("iptables", ("iptables",)),
    Need("sysctl", ("procps",)),
    Need("buildah", ("buildah",)),
)


def needs(choice: Choice) -> tuple[Need, ...]:
    """What a choice asks of the system; the stock path asks for little beyond Docker."""
    node_image = NODE_IMAGE if choice.node_image == "built" else ()
    return (*CONTROL_PLANE, *NODE_PROGRAM, *node_image, *(PRIVATE_ENGINE if choice.engine == "private" else ()))


def missing(wanted: Sequence[Need], found: Callable[[str], bool]) -> tuple[Need, ...]:
    return tuple(need for need in wanted if not found(need.program))


def install(choice: Choice) -> None:
    """Bring what is missing; nothing to do on a machine that has it all."""
    lacking = missing(needs(choice), _is_installed)
    keys = choice.node_image == "built" and not DEBIAN_KEYS.exists()
    if not lacking and not keys:
        return
    names = [*(_known(need) for need in lacking), *(["debian-archive-keyring"] if keys else [])]
    if shutil.which("apt-get") is None:
        programs = ", ".join(need.program for need in lacking)
        raise MissingPackagesError(f"install these programs with your package manager: {programs}")
    command = ("apt-get", "install", "--yes", "--no-install-recommends", *dict.fromkeys(names))
    if os.geteuid():
        raise MissingPackagesError(f"packages are missing; run: sudo {' '.join(command)}")
    with step(f"install {' '.join(command[4:])}"), _nothing_starts():
        run("apt-get", "update", timeout=INSTALL_TIMEOUT)
        run(*command, env={"DEBIAN_FRONTEND": "noninteractive"}, timeout=INSTALL_TIMEOUT)


@contextmanager
def _nothing_starts() -> Iterator[None]:
    """Services of new packages are neither started nor enabled; those that ran before are left alone."""
    present = {unit for unit in DAEMONS if succeeds("systemctl", "cat", unit)}
    own_policy = not POLICY.exists()
    if own_policy:
        POLICY.write_text(REFUSE_START)
        POLICY.chmod(0o755)
    try:
        yield
    finally:
        if own_policy:
            POLICY.unlink()
    if SYSTEMD.exists():
        for unit in DAEMONS:
            if unit not in present:
                succeeds("systemctl", "disable", unit)


def _known(need: Need) -> str:
    """The first package that apt knows; the last one if it knows none, so that apt says what is wrong."""
    return next((name for name in need.packages if succeeds("apt-cache", "show", name)), need.packages[-1])


def _is_installed(program: str) -> bool:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}") is not None
