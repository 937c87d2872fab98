"""The file system of a kind node, from Debian packages, kind's own files and the programs built here.

It holds what kind's base image holds. Debian bookworm, because its systemd still boots on a host with cgroup v1.
"""

import json
import shutil
from pathlib import Path

from e2e.cluster import versions
from e2e.cluster.shell import run

PACKAGES = (
    "systemd,dbus,conntrack,iptables,nftables,iproute2,ethtool,util-linux,mount,kmod,libseccomp2,bash,ca-certificates,"
    "curl,jq,procps,containerd,runc,containernetworking-plugins,iputils-ping,busybox-static"
)
NODE_PROGRAMS = ("kubeadm", "kubelet", "kubectl")
# What a container must not start: kind's Dockerfile removes the same.
UNWANTED_UNITS = (
    "lib/systemd/system/multi-user.target.wants/*",
    "lib/systemd/system/local-fs.target.wants/*",
    "lib/systemd/system/basic.target.wants/*",
    "lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service",
    "lib/systemd/system/sockets.target.wants/*udev*",
    "lib/systemd/system/sockets.target.wants/*initctl*",
    "lib/systemd/system/containerd.service",
    "etc/systemd/system/*.wants/*",
)
PRODUCT_FILES_HOOK = {"path": "/kind/bin/mount-product-files.sh"}


def make(root: Path, *, kind_source: Path, programs: Path, storage: str) -> None:
    """Fill `root`; `kind_source` is kind's module, `programs` a directory with NODE_PROGRAMS, `storage` a manifest."""
    bootstrap(root, suite=versions.NODE_SUITE, packages=PACKAGES)
    _add_kind_files(root, kind_source / "images" / "base" / "files")
    for name in NODE_PROGRAMS:
        shutil.copy(programs / name, root / "usr/bin" / name)
    _enable_units(root)
    _write_runtime_spec(root)
    (root / "kind/version").write_text(versions.KUBERNETES)
    (root / "kind/manifests/default-storage.yaml").write_text(storage)


def bootstrap(root: Path, *, suite: str, packages: str) -> None:
    """A minimal Debian with these packages; package lists stay, as kind's image has them removed at no gain here."""
    run("mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}", suite, root, timeout=900)


def _add_kind_files(root: Path, files: Path) -> None:
    for directory in ("kind/manifests", "kind/images", "etc/cni/net.d", "etc/kubernetes/manifests", "opt/cni"):
        (root / directory).mkdir(parents=True)
    # Sources in Go's module cache are read-only: contents are copied, modes are not.
    for part in ("etc", "kind"):
        shutil.copytree(files / part, root / part, dirs_exist_ok=True, copy_function=shutil.copyfile, symlinks=True)
    entrypoint = root / "usr/local/bin/entrypoint"
    shutil.copyfile(files / "usr/local/bin/entrypoint", entrypoint)
    for script in (entrypoint, *(root / "kind/bin").iterdir()):
        script.chmod(0o755)
    for program in ("containerd", "ctr", "containerd-shim-runc-v2"):
        (root / "usr/local/bin" / program).symlink_to(f"/usr/bin/{program}")
    (root / "opt/cni/bin").symlink_to("/usr/lib/cni")
    (root / "sbin/init").unlink(missing_ok=True)
    (root / "sbin/init").symlink_to("/usr/lib/systemd/systemd")


def _enable_units(root: Path) -> None:
    for pattern in UNWANTED_UNITS:
        for unit in root.glob(pattern):
            unit.unlink()
    with (root / "etc/systemd/journald.conf").open("a") as configuration:
        configuration.write("ReadKMsg=no\n")
    run("chroot", root, "systemctl", "enable", "kubelet.service", "containerd.service", "undo-mount-hacks.service")
    run("chroot", root, "systemctl", "mask", "systemd-binfmt.service")


def _write_runtime_spec(root: Path) -> None:
    """The specification that containers start from, as kind makes it: one hook more, no resource limits of its own."""
    specification = json.loads(run("chroot", root, "ctr", "oci", "spec"))
    specification["process"].pop("rlimits", None)
    hooks = specification.setdefault("hooks", {}).setdefault("createContainer", [])
    hooks.append(PRODUCT_FILES_HOOK)
    (root / "etc/containerd/cri-base.json").write_text(json.dumps(specification))
