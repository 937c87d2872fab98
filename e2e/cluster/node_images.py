"""The images that a node must have before anything can be pulled: control plane, kube-proxy, DNS, pause, storage.

Each holds one program that was built here, under the name that kubeadm asks for.
"""

from pathlib import Path

from e2e.cluster import versions
from e2e.cluster.oci import Image, write_archive, write_layer
from e2e.cluster.shell import run

COMPONENTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
PROVISIONER = "local-path-provisioner"
PROVISIONER_IMAGE = f"smtppool.io/{PROVISIONER}:{versions.LOCAL_PATH_PROVISIONER}"
HELPER_IMAGE = f"smtppool.io/local-path-helper:{versions.NODE_SUITE}"
NETFILTER = "/usr/sbin/nft"
BUSYBOX_COMMANDS = ("sh", "mkdir", "rm")


def write(archive: Path, *, programs: Path, root: Path, scratch: Path) -> None:
    """All images in one archive; nft and busybox come from the node's own file system `root`."""
    layers = {name: scratch / f"{name}.tar" for name in (*COMPONENTS, "kube-proxy", "etcd", PROVISIONER)}
    for name, target in layers.items():
        write_layer(target, {f"/usr/local/bin/{name}": programs / name})
    for name in ("coredns", "pause"):
        layers[name] = scratch / f"{name}.tar"
        write_layer(layers[name], {f"/{name}": programs / name})
    layers["netfilter"] = scratch / "netfilter.tar"
    write_layer(layers["netfilter"], with_libraries(root, NETFILTER))
    layers["busybox"] = scratch / "busybox.tar"
    links = {f"/bin/{command}": "busybox" for command in BUSYBOX_COMMANDS}
    write_layer(layers["busybox"], {"/bin/busybox": (root / "bin/busybox").resolve()}, links)
    write_archive(archive, layers, _images())


def _images() -> list[Image]:
    components = [_named(f"{versions.REGISTRY}/{name}:{versions.KUBERNETES}", layers=(name,)) for name in COMPONENTS]
    return [
        *components,
        _named(f"{versions.REGISTRY}/kube-proxy:{versions.KUBERNETES}", layers=("netfilter", "kube-proxy")),
        _named(versions.ETCD_IMAGE, layers=("etcd",)),
        _named(versions.COREDNS_IMAGE, layers=("coredns",), entrypoint=("/coredns",)),
        _named(*versions.PAUSE_IMAGES, layers=("pause",), entrypoint=("/pause",)),
        _named(PROVISIONER_IMAGE, layers=(PROVISIONER,)),
        _named(HELPER_IMAGE, layers=("busybox",)),
    ]


def _named(*names: str, layers: tuple[str, ...], entrypoint: tuple[str, ...] = ()) -> Image:
    return Image(names=names, layers=layers, entrypoint=entrypoint)


def with_libraries(root: Path, program: str) -> dict[str, Path]:
    """A program of `root` and the shared libraries that the loader would find for it there."""
    words = run("chroot", root, "ldd", program).split()
    libraries = [word for word in words if word.startswith("/")]
    return {name: _inside(root, name) for name in (program, *libraries)}


def _inside(root: Path, name: str) -> Path:
    """The file behind a path of `root`, following links as if `root` were /."""
    return root / run("chroot", root, "readlink", "-f", name).strip().lstrip("/")
