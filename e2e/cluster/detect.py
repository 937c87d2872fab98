"""Decide which engine and which node image this machine gets. Facts are probed once; the decision is pure.

An ordinary machine with Docker takes kind's stock path unchanged; everything built here is for machines without it.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar, get_args

from e2e.cluster.errors import ClusterError
from e2e.cluster.oci_runtime import missing_capabilities
from e2e.cluster.settings import Settings
from e2e.cluster.shell import succeeds
from e2e.cluster.versions import STOCK_NODE_IMAGE

EngineName = Literal["docker", "private"]
NodeImage = Literal["stock", "built"]
Name = TypeVar("Name", bound=str)
REGISTRY_TIMEOUT = 20


class DetectionError(ClusterError):
    """This machine cannot run the cluster as asked; the message says what would help."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What was found on the machine."""

    docker_answers: bool
    stock_image_available: bool
    root: bool
    cgroup_v1: bool
    missing_capabilities: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What `up` uses, and the sentence that says why."""

    engine: EngineName
    node_image: NodeImage
    reason: str

    def __str__(self) -> str:
        return f"engine: {self.engine}, node image: {self.node_image} ({self.reason})"


def probe(settings: Settings) -> Facts:
    """Look at the machine; asks a registry only if a Docker daemon answers.

    A client alone is not Docker, and neither is our own private engine, whose DOCKER_HOST `env` puts into a shell.
    """
    ours = os.environ.get("DOCKER_HOST") == f"unix://{settings.docker_socket}"
    answers = not ours and succeeds("docker", "info")
    return Facts(
        docker_answers=answers,
        stock_image_available=answers and _stock_image_available(),
        root=os.geteuid() == 0,
        cgroup_v1=not Path("/sys/fs/cgroup/cgroup.controllers").exists(),
        missing_capabilities=missing_capabilities(Path("/proc/1/status").read_text()),
    )


def choose(facts: Facts, environment: Mapping[str, str]) -> Choice:
    """Engine and node image for these facts, or what SMTPPOOL_ENGINE and SMTPPOOL_NODE_IMAGE say."""
    wanted_engine: EngineName | None = _override(environment, "SMTPPOOL_ENGINE", get_args(EngineName))
    wanted_image: NodeImage | None = _override(environment, "SMTPPOOL_NODE_IMAGE", get_args(NodeImage))
    engine, why_engine = _engine(facts, wanted_engine)
    image, why_image = _node_image(facts, engine, wanted_image)
    if "private" in engine and not facts.root:
        raise DetectionError("no Docker daemon answers, and a private engine needs root: start Docker or run as root")
    if "built" in image and not facts.root:
        raise DetectionError(f"building a node image needs root ({why_image}): run as root or make the image available")
    return Choice(engine=engine, node_image=image, reason=f"{why_engine}; {why_image}")


def _engine(facts: Facts, wanted: EngineName | None) -> tuple[EngineName, str]:
    match wanted:
        case "docker" if not facts.docker_answers:
            raise DetectionError("SMTPPOOL_ENGINE=docker, but `docker info` fails: start the daemon or set DOCKER_HOST")
        case None:
            return ("docker", "docker info works") if facts.docker_answers else ("private", "no Docker daemon answers")
    return wanted, f"SMTPPOOL_ENGINE={wanted}"


def _node_image(facts: Facts, engine: EngineName, wanted: NodeImage | None) -> tuple[NodeImage, str]:
    if wanted == "stock" and engine == "private":
        raise DetectionError("SMTPPOOL_NODE_IMAGE=stock: the private engine has no way to a registry, use built")
    if wanted:
        return wanted, f"SMTPPOOL_NODE_IMAGE={wanted}"
    if engine == "private":
        return "built", "it reaches no registry"
    if facts.cgroup_v1:
        return "built", "the stock image's systemd does not boot on cgroup v1"
    if facts.stock_image_available:
        return "stock", "kindest/node is available"
    return "built", "kindest/node cannot be pulled"


def _override(environment: Mapping[str, str], variable: str, allowed: tuple[Name, ...]) -> Name | None:
    value = environment.get(variable)
    if not value:
        return None
    for name in allowed:
        if name == value:
            return name
    raise DetectionError(f"{variable}={value!r}: want {' or '.join(allowed)}")


def _stock_image_available() -> bool:
    if succeeds("docker", "image", "inspect", STOCK_NODE_IMAGE):
        return True
    return shutil.which("docker") is not None and succeeds(
        "docker", "manifest", "inspect", STOCK_NODE_IMAGE, timeout=REGISTRY_TIMEOUT
    )
