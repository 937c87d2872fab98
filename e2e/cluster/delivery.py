"""From sources to a running cluster: build images with what this machine has, load them, run the simulated internet."""

import os
from collections.abc import Iterable
from pathlib import Path

from e2e.cluster import images
from e2e.cluster.api import Cluster
from e2e.cluster.builders import builder_for
from e2e.cluster.detect import choose, probe
from e2e.cluster.kind import Kind
from e2e.cluster.running import NoClusterError, recall
from e2e.cluster.settings import Settings
from e2e.cluster.shell import step
from e2e.cluster.sources import image


def build(name: str, settings: Settings) -> Path:
    """The archive of an image; needs no cluster."""
    try:
        running = recall(settings)
    except NoClusterError:
        choice, docker_host = choose(probe(), os.environ), os.environ.get("DOCKER_HOST", "")
    else:
        choice, docker_host = running.choice, running.docker_host
    return images.build(image(name), builder_for(choice, docker_host, settings), settings)


def load(names: Iterable[str], settings: Settings) -> None:
    """Images onto every node of the running cluster."""
    cluster = Cluster.attach(settings)
    archives = [(image(name), build(name, settings)) for name in names]
    kind = Kind(engine=cluster.engine, program=cluster.binaries / "kind", kubeconfig=cluster.kubeconfig)
    images.load_into_nodes(kind, cluster.node_set, archives, cluster=settings.prefix)


def mailnet_up(settings: Settings) -> None:
    """The simulated internet beside the running cluster, from its present sources."""
    cluster, source = Cluster.attach(settings), image("mailnet")
    images.load_into_engine(cluster.engine, source, build(source.name, settings))
    with step("run the simulated internet"):
        cluster.mailnet.up(source.reference)
