"""Write OCI image archives from plain files, without any image builder: layers are deterministic tar files.

Enough for images that hold one program each. Layers stay uncompressed: they are unpacked on the machine that made them.
"""

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MEDIA_TYPE = "application/vnd.oci.image"
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}
CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image under several names; `layers` are keys of the mapping that `write_archive` gets."""

    names: tuple[str, ...]
    layers: tuple[str, ...]
    entrypoint: tuple[str, ...] = ()


def write_layer(target: Path, files: Mapping[str, Path], links: Mapping[str, str] | None = None) -> None:
    """A layer tar with these files (path in the image -> file here) and symbolic links, the same bytes each time."""
    with tarfile.open(target, "w") as tar:
        for name, source in sorted(files.items()):
            entry = tarfile.TarInfo(name.lstrip("/"))
            entry.size, entry.mode = source.stat().st_size, source.stat().st_mode & 0o755
            with source.open("rb") as content:
                tar.addfile(entry, content)
        for name, destination in sorted((links or {}).items()):
            entry = tarfile.TarInfo(name.lstrip("/"))
            entry.type, entry.linkname = tarfile.SYMTYPE, destination
            tar.addfile(entry)


def write_archive(target: Path, layers: Mapping[str, Path], images: Sequence[Image]) -> None:
    """An OCI archive that containerd imports under the images' names."""
    digests = {name: _digest(path) for name, path in layers.items()}
    small: dict[str, bytes] = {}
    index = [entry for image in images for entry in _index_entries(image, layers, digests, small)]
    with tarfile.open(target, "w") as tar:
        _add(tar, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        _add(tar, "index.json", json.dumps({"schemaVersion": 2, "manifests": index}).encode())
        for digest, content in small.items():
            _add(tar, f"blobs/sha256/{digest}", content)
        for name, path in layers.items():
            tar.add(path, arcname=f"blobs/sha256/{digests[name]}")


def _index_entries(
    image: Image, layers: Mapping[str, Path], digests: Mapping[str, str], small: dict[str, bytes]
) -> list[dict[str, Any]]:
    platform_of = {"architecture": ARCHITECTURE[platform.machine()], "os": "linux"}
    config = {
        **platform_of,
        "config": {"Env": [PATH], "Entrypoint": list(image.entrypoint)},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digests[name]}" for name in image.layers]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{MEDIA_TYPE}.manifest.v1+json",
        "config": _put(small, config, "config.v1+json"),
        "layers": [_descriptor("layer.v1.tar", digests[name], layers[name].stat().st_size) for name in image.layers],
    }
    descriptor = _put(small, manifest, "manifest.v1+json") | {"platform": platform_of}
    return [descriptor | {"annotations": {"io.containerd.image.name": name}} for name in image.names]


def _put(small: dict[str, bytes], content: object, kind: str) -> dict[str, Any]:
    encoded = json.dumps(content).encode()
    digest = hashlib.sha256(encoded).hexdigest()
    small[digest] = encoded
    return _descriptor(kind, digest, len(encoded))


def _descriptor(kind: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": f"{MEDIA_TYPE}.{kind}", "digest": f"sha256:{digest}", "size": size}


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))
