"""Build the cluster's programs from Go modules: no release server and no registry is needed.

Each program is cached by what it is made of (module files, version, linker flags). `bin_directory` gives one directory
of links to put in front of PATH; it is named after the whole set, so two checkouts with other pins do not collide.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster import versions
from e2e.cluster.content import key_of, made_at
from e2e.cluster.errors import ClusterError
from e2e.cluster.settings import REPOSITORY, Settings
from e2e.cluster.shell import run, step
from e2e.cluster.toolchain import go_command

BUILD_TIMEOUT = 3600
HACK = REPOSITORY / "hack"
STRIPPED = "-s -w"
COMPONENT_VERSION = "k8s.io/component-base/version"
# Without these the API server calls itself v0.0.0-master, and kubeadm refuses the skew.
KUBERNETES_FLAGS = (
    f"{STRIPPED} -X {COMPONENT_VERSION}.gitVersion={versions.KUBERNETES} -X {COMPONENT_VERSION}.gitMajor=1"
    f" -X {COMPONENT_VERSION}.gitMinor=35 -X k8s.io/client-go/pkg/version.gitVersion={versions.KUBERNETES}"
)


class UnknownProgramError(ClusterError):
    """A name that is in no set."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """A main package, either in a module of ours under hack/ (`module`) or at a version of its own."""

    name: str
    package: str
    module: str = ""
    version: str = ""
    flags: str = STRIPPED

    @property
    def key(self) -> str:
        sources: list[str | Path] = [self.package, self.version, self.flags]
        if self.module:
            sources.append(HACK / self.module)
        return key_of(*sources)


def _kubernetes(name: str) -> Program:
    return Program(name=name, package=f"k8s.io/kubernetes/cmd/{name}", module="kubernetes", flags=KUBERNETES_FLAGS)


PROGRAMS = {
    program.name: program
    for program in (
        *map(
            _kubernetes,
            (
                "kube-apiserver",
                "kube-controller-manager",
                "kube-scheduler",
                "kubelet",
                "kube-proxy",
                "kubectl",
                "kubeadm",
            ),
        ),
        Program(name="etcd", package="go.etcd.io/etcd/server/v3", module="kubernetes"),
        Program(name="pause", package=".", module="pause"),
        Program(name="kind", package="sigs.k8s.io/kind", version=versions.KIND),
        Program(name="helm", package="helm.sh/helm/v4/cmd/helm", version=versions.HELM),
        Program(name="coredns", package="github.com/coredns/coredns", version=versions.COREDNS),
        Program(
            name="local-path-provisioner",
            package="github.com/rancher/local-path-provisioner",
            version=versions.LOCAL_PATH_PROVISIONER,
        ),
    )
}

SETS = {
    "contract": ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl"),
    "stock": ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl", "kind", "helm", "coredns"),
    "built": tuple(PROGRAMS),
}


def program(name: str, settings: Settings) -> Path:
    """The executable, built first if it is not cached."""
    if name not in PROGRAMS:
        raise UnknownProgramError(f"no program {name!r}; there are {', '.join(PROGRAMS)}")
    wanted = PROGRAMS[name]
    executable = settings.cache / "programs" / f"{name}-{wanted.key}" / name
    if not executable.exists():
        with step(f"build {name} {wanted.version}".rstrip()), made_at(executable.parent) as directory:
            directory.mkdir()
            _build(wanted, directory, settings)
    return executable


def bin_directory(names: Iterable[str], settings: Settings) -> Path:
    """A directory with a link to each of these programs, all of them built."""
    targets = {name: program(name, settings) for name in names}
    links = settings.cache / "bin" / key_of(*(str(target) for target in targets.values()))
    if not links.exists():
        with made_at(links) as directory:
            directory.mkdir()
            for name, target in targets.items():
                (directory / name).symlink_to(target)
    return links


def module_directory(module: str, version: str, settings: Settings) -> Path:
    """Where Go unpacked the sources of a module; downloads it when it is not there."""
    go = go_command(settings)
    run(go, "mod", "download", f"{module}@{version}", env=_go_environment(), cwd=settings.cache, timeout=600)
    cache = run(go, "env", "GOMODCACHE", cwd=settings.cache).strip()
    return Path(cache) / f"{module}@{version}"


def _build(wanted: Program, directory: Path, settings: Settings) -> None:
    go, flags = go_command(settings), ("-trimpath", "-ldflags", wanted.flags)
    if wanted.module:
        argv = [go, "build", *flags, "-o", str(directory / wanted.name), wanted.package]
        run(*argv, env=_go_environment(), cwd=HACK / wanted.module, timeout=BUILD_TIMEOUT)
    else:
        argv = [go, "install", *flags, f"{wanted.package}@{wanted.version}"]
        run(*argv, env={**_go_environment(), "GOBIN": str(directory)}, cwd=directory, timeout=BUILD_TIMEOUT)


def _go_environment() -> dict[str, str]:
    return {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
