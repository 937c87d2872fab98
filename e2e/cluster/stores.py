"""Where built images are kept and how they come to the nodes: in the user's Docker, or as layouts in the cache.

Both build the same Containerfiles. `docker build` is for machines with a daemon that reaches packages; buildah for the
rest, outside the private engine, whose namespace has no way out.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from e2e.cluster import base_image
from e2e.cluster.buildah import Buildah
from e2e.cluster.content import keep_newest, made_at
from e2e.cluster.engine import Engine, docker, exists
from e2e.cluster.kind import Kind
from e2e.cluster.layout import Layout, write_archive
from e2e.cluster.nodes import Nodes
from e2e.cluster.settings import Settings
from e2e.cluster.shell import run, succeeds
from e2e.cluster.versions import BASE_IMAGE

BUILD_TIMEOUT = 1800
TRANSFER_TIMEOUT = 300
PUSH_TIMEOUT = 600
KEPT_LAYOUTS = 3
IN_NODE = ("ctr", "--namespace", "k8s.io")


class Store(Protocol):
    """Images by reference."""

    def has(self, reference: str) -> bool: ...

    def build(self, context: Path, reference: str) -> None:
        """Build a context directory that holds its Containerfile."""

    def load_into_engine(self, reference: str) -> None:
        """Make `docker run` find it."""

    def load_into_nodes(self, references: list[str], nodes: list[str]) -> None:
        """Make pods find them; these nodes lack at least one of these images."""

    def push(self, reference: str) -> None:
        """To the registry that the reference names, with what the user is logged in as."""


@dataclass(frozen=True, kw_only=True)
class DockerStore:
    """The user's daemon, which builds, keeps and runs."""

    engine: Engine
    kind: Kind
    settings: Settings

    def has(self, reference: str) -> bool:
        return exists(self.engine, "image", reference)

    def build(self, context: Path, reference: str) -> None:
        base = f"BASE_IMAGE={self._base()}"
        words = ("--tag", reference, "--build-arg", base, "--file", str(context / "Containerfile"), str(context))
        docker(self.engine, "build", "--quiet", *words, timeout=BUILD_TIMEOUT)

    def load_into_engine(self, reference: str) -> None:
        """It is there: this store is the engine."""

    def load_into_nodes(self, references: list[str], nodes: list[str]) -> None:
        self.kind.load_images(references, cluster=self.settings.prefix, nodes=nodes)

    def push(self, reference: str) -> None:
        docker(self.engine, "push", "--quiet", reference, timeout=PUSH_TIMEOUT)

    def _base(self) -> str:
        """The real base image where it can be had; else a stand-in, but not under a public name in the user's store."""
        pull = ("docker", "pull", "--quiet", BASE_IMAGE)
        if self.has(BASE_IMAGE) or succeeds(*pull, env=self.engine.environment, timeout=TRANSFER_TIMEOUT):
            return BASE_IMAGE
        tarball = base_image.tarball(self.settings)
        own = f"smtppool/base:{tarball.stem}"
        if not self.has(own):
            docker(self.engine, "import", str(tarball), own, timeout=TRANSFER_TIMEOUT)
        return own


@dataclass(frozen=True, kw_only=True)
class LayoutStore:
    """One OCI layout per reference in the cache, the newest few of each image; a node gets only what it lacks."""

    engine: Engine
    nodes: Nodes
    settings: Settings

    def has(self, reference: str) -> bool:
        return self._directory(reference).exists()

    def build(self, context: Path, reference: str) -> None:
        with made_at(self._directory(reference)) as target:
            Buildah(self.settings).build(context, reference, target)
        kept = self._directory(reference)
        keep_newest(kept.parent.glob(f"{kept.name.rpartition('-')[0]}-*"), KEPT_LAYOUTS)

    def load_into_engine(self, reference: str) -> None:
        if exists(self.engine, "image", reference):
            return
        with tempfile.TemporaryFile() as archive:
            write_archive(archive, [self._layout(reference)])
            archive.seek(0)
            docker(self.engine, "load", "--quiet", stdin=archive, timeout=TRANSFER_TIMEOUT)

    def load_into_nodes(self, references: list[str], nodes: list[str]) -> None:
        layouts = [self._layout(reference) for reference in references]
        for node in nodes:
            present = set(self.nodes.execute(node, *IN_NODE, "content", "list", "--quiet").split())
            with tempfile.TemporaryFile() as archive:
                write_archive(archive, layouts, without=present)
                archive.seek(0)
                # Unpacked when the first pod of the image starts there, so not at all on most nodes.
                words = (*IN_NODE, "images", "import", "--no-unpack", "--all-platforms", "-")
                self.nodes.execute(node, *words, stdin=archive, timeout=TRANSFER_TIMEOUT)

    def push(self, reference: str) -> None:
        run(
            "skopeo",
            "copy",
            "--quiet",
            f"oci:{self._directory(reference)}",
            f"docker://{reference}",
            timeout=PUSH_TIMEOUT,
        )

    def _layout(self, reference: str) -> Layout:
        return Layout(self._directory(reference), reference)

    def _directory(self, reference: str) -> Path:
        return self.settings.cache / "images" / reference.rpartition("/")[2].replace(":", "-")
