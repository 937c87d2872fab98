"""The kind node image built on this machine: a root file system with its images already in its containerd store.

Cached as one tar file by everything it is made of; an engine gets it by `docker import`.
"""

import tempfile
from pathlib import Path
from string import Template

from e2e.cluster import node_images, programs, rootfs, versions
from e2e.cluster.bound import BoundProgram
from e2e.cluster.content import keep_newest, key_of, made_at
from e2e.cluster.engine import Engine, docker, exists
from e2e.cluster.private_engine import containerd_config
from e2e.cluster.settings import Settings
from e2e.cluster.shell import run, step, succeeds

HERE = Path(__file__).parent
STORAGE = HERE / "manifests" / "local-path.yaml"
SOURCES = ("rootfs.py", "node_images.py", "oci.py", "versions.py", "node_image.py")
IMPORT_TIMEOUT = 300
KEPT_ARCHIVES = 2
ENTRYPOINT = 'ENTRYPOINT ["/usr/local/bin/entrypoint","/sbin/init"]'


def reference() -> str:
    """Name and content key of the image."""
    keys = (programs.PROGRAMS[name].key for name in sorted(programs.SETS["built"]))
    return f"smtppool/node:{versions.KUBERNETES}-{key_of(STORAGE, *(HERE / name for name in SOURCES), *keys)}"


def provide(engine: Engine, settings: Settings) -> str:
    """Make the engine have the image, building it first if it is not cached; returns its reference."""
    image = reference()
    if not exists(engine, "image", image):
        archive = _archive(settings)
        with step(f"import {image} into the engine"):
            changes = ("--change", "ENV container=docker", "--change", ENTRYPOINT)
            docker(engine, "import", *changes, str(archive), image, timeout=IMPORT_TIMEOUT)
    return image


def _archive(settings: Settings) -> Path:
    archive = settings.cache / "node" / f"{reference().rpartition('-')[2]}.tar"
    if not archive.exists():
        with step("build the node image"), made_at(archive) as target:
            _build(target, settings)
        keep_newest(archive.parent.glob("*.tar"), KEPT_ARCHIVES)
    return archive


def _build(target: Path, settings: Settings) -> None:
    binaries = programs.bin_directory(programs.SETS["built"], settings)
    kind_source = programs.module_directory("sigs.k8s.io/kind", versions.KIND, settings)
    images = {"provisioner_image": node_images.PROVISIONER_IMAGE, "helper_image": node_images.HELPER_IMAGE}
    storage = Template(STORAGE.read_text()).substitute(images)
    with tempfile.TemporaryDirectory(dir=target.parent) as directory:
        scratch, root = Path(directory), Path(directory) / "root"
        rootfs.make(root, kind_source=kind_source, programs=binaries, storage=storage)
        node_images.write(root / "images.tar", programs=binaries, root=root, scratch=scratch)
        _import_images(root, log=scratch / "containerd.log")
        excluded = (f"--exclude=./{name}/*" for name in ("proc", "sys", "dev"))
        run("tar", "--directory", root, *excluded, "--create", "--file", target, ".", timeout=IMPORT_TIMEOUT)


def _import_images(root: Path, *, log: Path) -> None:
    """Fill the node's image store with the node's own containerd: its database must fit that version."""
    state, socket = Path("/run/import"), "/run/import.sock"
    config = containerd_config(root=Path("/var/lib/containerd"), state=state, socket=Path(socket))
    (root / "import.toml").write_text(config)
    containerd = BoundProgram(argv=["chroot", root, "containerd", "--config", "/import.toml"], log=log)
    ctr = ("chroot", root, "ctr", "--address", socket, "--namespace", "k8s.io")
    containerd.start()
    try:
        containerd.wait_until(lambda: succeeds(*ctr, "version"), reason="containerd in the node's root", timeout=60)
        run(*ctr, "images", "import", "--no-unpack", "--all-platforms", "/images.tar", timeout=IMPORT_TIMEOUT)
    finally:
        containerd.stop()
    for leftover in ("images.tar", "import.toml"):
        (root / leftover).unlink()
