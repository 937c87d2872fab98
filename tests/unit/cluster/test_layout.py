"""Archives of image layouts: what the receiver has stays out, what images share comes once."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

from e2e.cluster.layout import Layout, write_archive


def blob(directory: Path, content: bytes) -> dict[str, object]:
    digest = hashlib.sha256(content).hexdigest()
    path = directory / "blobs" / "sha256" / digest
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return {"mediaType": "m", "digest": f"sha256:{digest}", "size": len(content)}


def layout(directory: Path, name: str, *layers: bytes) -> Layout:
    manifest = {
        "config": blob(directory, f"config of {name}".encode()),
        "layers": [blob(directory, layer) for layer in layers],
    }
    index = {"manifests": [blob(directory, json.dumps(manifest).encode()) | {"annotations": {"x": "y"}}]}
    (directory / "index.json").write_text(json.dumps(index))
    return Layout(directory, f"smtppool/{name}:1")


def members(archive: io.BytesIO) -> tuple[list[str], tarfile.TarFile]:
    archive.seek(0)
    tar = tarfile.open(fileobj=archive)  # noqa: SIM115 - closed with its buffer
    return tar.getnames(), tar


def test_a_shared_layer_comes_once_and_each_image_has_its_name(tmp_path: Path) -> None:
    one, two = layout(tmp_path / "1", "one", b"base", b"x"), layout(tmp_path / "2", "two", b"base", b"y")
    archive = io.BytesIO()
    write_archive(archive, [one, two])
    names, tar = members(archive)
    assert len([name for name in names if name.startswith("blobs/")]) == 7  # 2 manifests, 2 configs, 3 layers
    index = json.load(tar.extractfile("index.json") or io.BytesIO())
    assert [entry["annotations"]["io.containerd.image.name"] for entry in index["manifests"]] == [
        "docker.io/smtppool/one:1",
        "docker.io/smtppool/two:1",
    ]


def test_what_is_present_stays_out(tmp_path: Path) -> None:
    image = layout(tmp_path, "one", b"base", b"x")
    archive = io.BytesIO()
    write_archive(archive, [image], without={image.layers[0]})
    names, _ = members(archive)
    assert f"blobs/{image.layers[0].replace(':', '/')}" not in names
    assert f"blobs/{image.layers[1].replace(':', '/')}" in names


def test_docker_finds_its_own_manifest(tmp_path: Path) -> None:
    image = layout(tmp_path, "one", b"base")
    archive = io.BytesIO()
    write_archive(archive, [image])
    names, tar = members(archive)
    (entry,) = json.load(tar.extractfile("manifest.json") or io.BytesIO())
    assert entry["RepoTags"] == ["smtppool/one:1"]
    assert {entry["Config"], *entry["Layers"]} <= set(names)
