"""Read OCI image layouts and pack them into archives that leave out the layers their receiver already has.

A change of one source file so costs a few kilobytes instead of the whole image. The archives carry Docker's manifest as
well, since a `docker load` of older daemons knows no other.
"""

import json
import tarfile
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO


@dataclass(frozen=True)
class Layout:
    """One image in a layout directory, and the reference that it goes by."""

    directory: Path
    reference: str

    @property
    def full_name(self) -> str:
        """As containerd writes it."""
        return f"docker.io/{self.reference}"

    def blob(self, digest: str) -> Path:
        return self.directory / "blobs" / digest.replace(":", "/")

    @cached_property
    def descriptor(self) -> dict[str, Any]:
        """Of the manifest: a layout of ours holds one image."""
        (found,) = json.loads((self.directory / "index.json").read_text())["manifests"]
        return {key: found[key] for key in ("mediaType", "digest", "size")}

    @cached_property
    def manifest(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.blob(self.descriptor["digest"]).read_text())
        return content

    @property
    def layers(self) -> list[str]:
        return [layer["digest"] for layer in self.manifest["layers"]]

    @property
    def digests(self) -> list[str]:
        """Everything that belongs to the image."""
        return [self.descriptor["digest"], self.manifest["config"]["digest"], *self.layers]


def write_archive(target: BinaryIO, layouts: Iterable[Layout], *, without: Collection[str] = ()) -> None:
    """One archive of several images; blobs with the digests of `without` are left out, others come once."""
    images = list(layouts)
    blobs = {digest: layout.blob(digest) for layout in images for digest in layout.digests if digest not in without}
    index = [image.descriptor | {"annotations": {"io.containerd.image.name": image.full_name}} for image in images]
    with tarfile.open(fileobj=target, mode="w|") as tar:
        _add(tar, "oci-layout", {"imageLayoutVersion": "1.0.0"})
        _add(tar, "index.json", {"schemaVersion": 2, "manifests": index})
        _add(tar, "manifest.json", [_docker_manifest(image) for image in images])
        for digest, path in blobs.items():
            tar.add(path, arcname=_member(digest))


def _docker_manifest(image: Layout) -> dict[str, Any]:
    return {
        "Config": _member(image.manifest["config"]["digest"]),
        "RepoTags": [image.reference],
        "Layers": [_member(digest) for digest in image.layers],
    }


def _member(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _add(tar: tarfile.TarFile, name: str, content: object) -> None:
    encoded = json.dumps(content).encode()
    entry = tarfile.TarInfo(name)
    entry.size = len(encoded)
    tar.addfile(entry, BytesIO(encoded))
