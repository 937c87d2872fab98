"""buildah with a store of its own in the cache: it needs no daemon, and its builds use the host's network."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from e2e.cluster import base_image
from e2e.cluster.settings import Settings
from e2e.cluster.shell import CommandFailedError, run, succeeds
from e2e.cluster.versions import BASE_IMAGE

BUILD_TIMEOUT = 1800
COMMIT_TIMEOUT = 300


@dataclass(frozen=True)
class Buildah:
    """Builds in a chroot, so no capability beyond the caller's is needed; unchanged steps come from its layer cache."""

    settings: Settings

    def build(self, context: Path, reference: str, layout: Path) -> None:
        """Write the image to a new OCI layout; compressed layers cost no time here and a quarter of the disk."""
        self._provide_base()
        moving = f"{reference.rpartition(':')[0]}:latest"  # older builds lose their name, so `--prune` finds them
        options = ("--isolation", "chroot", "--layers", "--pull-never", "--tag", moving)
        self._call("build", *options, "--file", str(context / "Containerfile"), str(context), timeout=BUILD_TIMEOUT)
        self._call("push", "--quiet", moving, f"oci:{layout}:{reference}", timeout=COMMIT_TIMEOUT)
        self._call("rmi", "--prune")
        succeeds("umount", self._root / "overlay")  # buildah's bind mount of its own store; busy while another builds

    def _provide_base(self) -> None:
        """Under the public name, so that Containerfiles need no argument; `mark` tells which tar file it came from."""
        tarball = base_image.tarball(self.settings)
        mark = f"localhost/base:{tarball.stem}"
        if succeeds(*self._command, "inspect", "--type", "image", mark):
            return
        container = self._call("from", "scratch").strip()
        try:
            self._call("add", "--quiet", container, str(tarball), "/", timeout=COMMIT_TIMEOUT)
            self._call("config", "--cmd", "bash", container)
            self._call("commit", "--quiet", container, mark, timeout=COMMIT_TIMEOUT)
            self._call("tag", mark, BASE_IMAGE)
        finally:
            self._call("rm", container)

    def _call(self, *argv: str, timeout: float = 60) -> str:
        return run(*self._command, *argv, timeout=timeout)

    @property
    def _command(self) -> tuple[str, ...]:
        return self._with(self._root)

    @cached_property
    def _root(self) -> Path:
        """A store for overlay mounts where the kernel grants them, and for copies where it does not."""
        for driver in ("overlay", "vfs"):
            root = self.settings.cache / "buildah" / driver
            if succeeds(*self._with(root), "info"):
                return root
        raise CommandFailedError(f"buildah works neither with overlay nor with vfs below {self.settings.cache}")

    @staticmethod
    def _with(root: Path) -> tuple[str, ...]:
        return ("buildah", "--root", str(root), "--runroot", str(root / "run"), "--storage-driver", root.name)
