"""The operator, installed by its chart with the real helm."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from e2e.cluster.sources import image
from e2e.stand.ground import ground
from e2e.stand.kubectl import kubectl

CHART = Path(__file__).resolve().parents[2] / "charts" / "smtp-pool-operator"
NAMESPACE = "smtppool-system"
RELEASE = "smtp-pool-operator"
POD = "app.kubernetes.io/component=operator"
INSTALL_TIMEOUT = 180


OURS = "smtppools.smtppool.io,smtpservers.smtppool.io,ipwarmupplans.smtppool.io"


class OccupiedError(Exception):
    """The cluster has pools of somebody's, which the tests' uninstallation would delete."""


class HelmError(Exception):
    """helm said no; the message is what it printed."""


@dataclass(frozen=True, kw_only=True)
class Images:
    """References of the images that are on the nodes."""

    operator: str
    relay: str
    mailnet: str

    @classmethod
    def of_this_tree(cls) -> Self:
        """What `python -m e2e.cluster images` builds from the sources as they are now."""
        return cls(**{name: image(name).reference for name in ("operator", "relay", "mailnet")})


def helm(*arguments: str, timeout: float = INSTALL_TIMEOUT) -> str:
    """Stdout of one helm call."""
    done = subprocess.run(["helm", *arguments], capture_output=True, text=True, timeout=timeout, check=False)
    if done.returncode:
        raise HelmError(f"helm {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def install_command(images: Images) -> list[str]:
    """The `helm` arguments that install or upgrade the release."""
    node = str(ground().node_addresses).lower()
    repositories = {"image": images.operator, "relay.image": images.relay}
    values: list[str] = []
    for field, reference in repositories.items():
        repository, _, tag = reference.rpartition(":")
        values += ["--set", f"{field}.repository={repository}", "--set-string", f"{field}.tag={tag}"]
    return [
        "upgrade", "--install", RELEASE, str(CHART), "--namespace", NAMESPACE, "--create-namespace",
        "--set", f"egress.node.enabled={node}", *values, "--wait", "--timeout", f"{INSTALL_TIMEOUT - 10}s",
    ]  # fmt: skip


def install(images: Images) -> str:
    """Install and wait until the operator, and the egress program if any, are ready; helm's own words."""
    return helm(*install_command(images))


def pods() -> dict[str, bool]:
    """Its pods, and whether they are ready."""
    rows = "jsonpath={range .items[*]}{.metadata.name} {.status.containerStatuses[*].ready}{'\\n'}{end}"
    found = kubectl("get", "pod", "-n", NAMESPACE, "-l", POD, "-o", rows).splitlines()
    return {name: ready == "true" for name, ready in (row.split(" ") for row in found)}


def runs() -> bool:
    """All of its pods are ready, and there is one."""
    found = pods()
    return bool(found) and all(found.values())


def kill() -> None:
    """kill -9, and the pod is another one."""
    kubectl("delete", "pod", "-n", NAMESPACE, "-l", POD, "--force", "--grace-period=0")


def uninstall(*, timeout: float = INSTALL_TIMEOUT) -> str:
    """Uninstall with the chart's clean-up; raises if the clean-up refuses."""
    return helm(
        "uninstall", RELEASE, "--namespace", NAMESPACE, "--wait", "--timeout", f"{timeout:.0f}s", timeout=timeout + 20
    )


def require_vacant() -> None:
    """OccupiedError with the first of the objects of our kinds that are on the cluster in any namespace."""
    names = (f"customresourcedefinition/{name}" for name in OURS.split(","))
    if len(kubectl("get", *names, "--ignore-not-found", "-o", "name").split()) < len(OURS.split(",")):
        return
    rows = "jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name}{'\\n'}{end}"
    found = kubectl("get", OURS, "--all-namespaces", "-o", rows).splitlines()
    if found:
        raise OccupiedError(
            f"this cluster has {len(found)} objects such as {found[0]}: the tests' operator would take them over, and "
            "its uninstallation delete them. Take another cluster, or delete them if an earlier run left them"
        )


def remove() -> None:
    """Uninstall and delete the namespace; the CustomResourceDefinitions stay, as the chart keeps them."""
    uninstall()
    kubectl("delete", "namespace", NAMESPACE, "--wait=true", timeout=INSTALL_TIMEOUT)
