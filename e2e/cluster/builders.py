"""Two builders for the same Containerfiles: the user's Docker, or buildah where there is no daemon to ask.

Each leaves a docker archive, which is how nodes and engines get images, whoever built them.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from e2e.cluster import base_image
from e2e.cluster.detect import Choice
from e2e.cluster.engine import UserDocker, docker, exists
from e2e.cluster.settings import Settings
from e2e.cluster.shell import CommandFailedError, run, succeeds
from e2e.cluster.versions import BASE_IMAGE

BUILD_TIMEOUT = 1800
PULL_TIMEOUT = 300
ARCHIVE_TIMEOUT = 300


class Builder(Protocol):
    """Makes one image from a context directory that holds its Containerfile."""

    def build(self, context: Path, reference: str, archive: Path) -> None:
        """Write the image to a docker archive that carries this reference."""


def builder_for(choice: Choice, docker_host: str, settings: Settings) -> Builder:
    if choice.engine == "docker":
        return DockerBuilder(UserDocker({"DOCKER_HOST": docker_host} if docker_host else {}), settings)
    return Buildah(settings)


@dataclass(frozen=True)
class DockerBuilder:
    """`docker build` on the user's daemon."""

    engine: UserDocker
    settings: Settings

    def build(self, context: Path, reference: str, archive: Path) -> None:
        options = (
            "--build-arg",
            f"BASE_IMAGE={self._base()}",
            "--tag",
            reference,
            "--file",
            str(context / "Containerfile"),
        )
        docker(self.engine, "build", "--quiet", *options, str(context), timeout=BUILD_TIMEOUT)
        docker(self.engine, "save", "--output", str(archive), reference, timeout=ARCHIVE_TIMEOUT)

    def _base(self) -> str:
        """The real base image where it can be had; else a stand-in, but not under a public name in the user's store."""
        pull = ("docker", "pull", "--quiet", BASE_IMAGE)
        if exists(self.engine, "image", BASE_IMAGE) or succeeds(
            *pull, env=self.engine.environment, timeout=PULL_TIMEOUT
        ):
            return BASE_IMAGE
        tarball = base_image.tarball(self.settings)
        own = f"smtppool/base:{tarball.stem}"
        if not exists(self.engine, "image", own):
            docker(self.engine, "import", str(tarball), own, timeout=ARCHIVE_TIMEOUT)
        return own


@dataclass(frozen=True)
class Buildah:
    """buildah with a store of its own in the cache; it needs no daemon, and its builds use the host's network."""

    settings: Settings

    def build(self, context: Path, reference: str, archive: Path) -> None:
        self._provide_base()
        moving = f"{reference.rpartition(':')[0]}:latest"  # older builds lose their name, so `--prune` finds them
        options = ("--isolation", "chroot", "--layers", "--pull-never", "--tag", moving)
        self._call("build", *options, "--file", str(context / "Containerfile"), str(context), timeout=BUILD_TIMEOUT)
        self._call(
            "push", "--quiet", moving, f"docker-archive:{archive}:docker.io/{reference}", timeout=ARCHIVE_TIMEOUT
        )
        self._call("rmi", "--prune")

    def _provide_base(self) -> None:
        if self._succeeds("inspect", "--type", "image", BASE_IMAGE):
            return
        tarball = base_image.tarball(self.settings)
        container = self._call("from", "scratch").strip()
        try:
            self._call("add", "--quiet", container, str(tarball), "/", timeout=ARCHIVE_TIMEOUT)
            self._call("config", "--cmd", "bash", container)
            self._call("commit", "--quiet", container, BASE_IMAGE, timeout=ARCHIVE_TIMEOUT)
        finally:
            self._call("rm", container)

    def _call(self, *argv: str, timeout: float = 60) -> str:
        return run(*self._command, *argv, timeout=timeout)

    def _succeeds(self, *argv: str) -> bool:
        return succeeds(*self._command, *argv)

    @cached_property
    def _command(self) -> tuple[str, ...]:
        """buildah on its own store, with overlay mounts where the kernel grants them and copies where it does not."""
        store = self.settings.cache / "buildah"
        for driver in ("overlay", "vfs"):
            root = store / driver
            command = ("buildah", "--root", str(root), "--runroot", str(root / "run"), "--storage-driver", driver)
            if succeeds(*command, "info"):
                return command
        raise CommandFailedError(f"buildah works neither with overlay nor with vfs in {store}")
