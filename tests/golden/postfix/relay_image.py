"""Runs a command in the relay image, built from the present sources: by the user's Docker, or else in a chroot.

The command is root with a private network, a read-only root file system and the writable places of a relay pod. What
is missing raises with the way to get it; nothing here makes a test pass or skip.
"""

import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from e2e.cluster import delivery
from e2e.cluster.content import made_at
from e2e.cluster.engine import Engine, docker
from e2e.cluster.layout import Layout
from e2e.cluster.settings import Settings, from_environment
from e2e.cluster.shell import run
from e2e.cluster.stores import DockerStore
from smtppool.api.names import CONFIG_DIR, CREDENTIALS_DIR, POSTFIX_DIR, RUN_DIR, VOLUME_DIR

TIMEOUT: Final = 50
SCRATCH: Final = (POSTFIX_DIR, RUN_DIR, VOLUME_DIR, "/tmp")
DEVICES: Final = ("null", "zero", "full", "random", "urandom")
ENTER: Final = """
set -eu
root=$1 files=$2; shift 2
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/dev"
for device in $DEVICES; do touch "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"; done
ln -s /proc/self/fd "$root/dev/fd"
for path in $SCRATCH; do mount -t tmpfs -o mode=0777 tmpfs "$root$path"; done
for path in $GIVEN; do mount --bind "$files/${path##*/}" "$root$path"; done
mount -o remount,bind,ro "$root"
ip link set lo up
exec env -i $ENVIRONMENT chroot "$root" "$@"
"""


class RelayImage(Protocol):
    """The image as something to run."""

    def run(self, files: Path, *argv: str) -> str:
        """Standard output of a command that must succeed; `files` holds one directory for each of GIVEN."""


GIVEN: Final = (CONFIG_DIR, CREDENTIALS_DIR)


class ByDocker:
    """With the user's daemon, which has built it."""

    def __init__(self, engine: Engine, reference: str) -> None:
        self.engine, self.reference = engine, reference

    def run(self, files: Path, *argv: str) -> str:
        scratch = [word for path in SCRATCH for word in ("--tmpfs", f"{path}:mode=0777,exec")]
        given = [word for path in GIVEN for word in ("--volume", f"{files / Path(path).name}:{path}:ro")]
        options = ("--rm", "--user=0:0", "--network=none", "--read-only", *scratch, *given)
        return docker(self.engine, "run", *options, self.reference, *argv, timeout=TIMEOUT)


class ByChroot:
    """From the layers of the layout in the cache, unpacked beside it."""

    def __init__(self, layout: Layout, root: Path) -> None:
        self.layout, self.root = layout, root
        if not root.exists():
            _forget_others(root)
            with made_at(root) as target:
                _unpack(layout, target)

    def run(self, files: Path, *argv: str) -> str:
        with self._mounted() as root:
            namespaces = ("--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private")
            enter = ("sh", "-c", ENTER, "enter", str(root), str(files))
            return run("unshare", *namespaces, *enter, *argv, env=self._environment(), timeout=TIMEOUT)

    @contextmanager
    def _mounted(self) -> Iterator[Path]:
        """A mount of its own, so that two runs do not share mount points."""
        with tempfile.TemporaryDirectory(prefix="relay-") as directory:
            run("mount", "--bind", self.root, directory)
            try:
                yield Path(directory)
            finally:
                run("umount", "--lazy", directory)

    def _environment(self) -> dict[str, str]:
        config = self.layout.blob(self.layout.manifest["config"]["digest"])
        return {
            "DEVICES": " ".join(DEVICES),
            "SCRATCH": " ".join(SCRATCH),
            "GIVEN": " ".join(GIVEN),
            "ENVIRONMENT": " ".join(_variables(config)),
        }


def relay_image() -> RelayImage:
    """The image of the present sources; built here if nothing has built it before (takes a minute then)."""
    settings = from_environment()
    reference = delivery.build("relay", settings)
    store = delivery.store(settings)
    if isinstance(store, DockerStore):
        return ByDocker(store.engine, reference)
    if os.geteuid() != 0:
        raise PermissionError("without a Docker daemon the relay image runs in a chroot: run the golden tests as root")
    return _by_chroot(reference, settings)


def _by_chroot(reference: str, settings: Settings) -> ByChroot:
    name = reference.removeprefix("smtppool/").replace(":", "-")
    return ByChroot(Layout(settings.cache / "images" / name, reference), settings.cache / "relay-root" / name)


def _variables(config: Path) -> list[str]:
    found: list[str] = json.loads(config.read_text())["config"]["Env"]
    return found


def _unpack(layout: Layout, target: Path) -> None:
    target.mkdir(mode=0o755)
    for digest in layout.layers:
        with tarfile.open(layout.blob(digest)) as layer:
            layer.extractall(target, numeric_owner=True, filter="fully_trusted")
    for whiteout in list(target.rglob(".wh.*")):
        hidden = whiteout.with_name(whiteout.name.removeprefix(".wh."))
        shutil.rmtree(hidden) if hidden.is_dir() and not hidden.is_symlink() else hidden.unlink(missing_ok=True)
        whiteout.unlink()
    for path in (*SCRATCH, *GIVEN):
        (target / path.lstrip("/")).mkdir(parents=True, exist_ok=True)


def _forget_others(root: Path) -> None:
    for other in root.parent.glob("relay-*"):
        shutil.rmtree(other)
