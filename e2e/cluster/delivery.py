"""From sources to a running cluster: build images with what this machine has, load them, run the simulated internet."""

import os
import tempfile
from collections.abc import Iterable

from e2e.cluster import programs
from e2e.cluster.api import Cluster
from e2e.cluster.current import CurrentCluster
from e2e.cluster.detect import choose, probe
from e2e.cluster.kind import Kind
from e2e.cluster.nodes import Nodes
from e2e.cluster.running import NoClusterError, Running, recall
from e2e.cluster.settings import Settings
from e2e.cluster.shell import step
from e2e.cluster.sources import ImageSource, image, registry
from e2e.cluster.stores import IN_NODE, DockerStore, LayoutStore, Store


def build(name: str, settings: Settings) -> str:
    """The reference of an image that is built; needs no cluster."""
    return _built(image(name), store(settings), settings)


def load(names: Iterable[str], settings: Settings) -> None:
    """Images onto every node of the running cluster that lacks one of them; to a registry if the nodes are not ours."""
    cluster, kept = Cluster.attach(settings), store(settings)
    references = [_built(image(name), kept, settings) for name in names]
    if isinstance(cluster, CurrentCluster):
        if registry():
            for reference in references:
                with step(f"push {reference}"):
                    kept.push(reference)
        cluster.await_images(references)
        return
    wanted = {f"docker.io/{reference}" for reference in references}
    lacking = [node.name for node in cluster.nodes() if not wanted <= _references_on(cluster, node.name)]
    if lacking:
        with step(f"load {', '.join(references)} onto {', '.join(lacking)}"):
            kept.load_into_nodes(references, lacking)


def mailnet_up(settings: Settings) -> None:
    """The simulated internet beside the running cluster, from its present sources."""
    cluster, kept = Cluster.attach(settings), store(settings)
    reference = _built(image("mailnet"), kept, settings)
    if isinstance(cluster, CurrentCluster):
        cluster.mailnet_up(reference)
        return
    with step(f"run {reference}"):
        kept.load_into_engine(reference)
        cluster.mailnet.up(reference)


def _built(source: ImageSource, kept: Store, settings: Settings) -> str:
    if kept.has(source.reference):
        return source.reference
    with tempfile.TemporaryDirectory(dir=settings.cache, prefix=f".{source.name}-") as directory:
        frozen = source.frozen(settings.cache / directory)
        if not kept.has(frozen.reference):
            with step(f"build {frozen.reference}"):
                context = settings.cache / directory / "context"
                frozen.assemble(context, settings)
                kept.build(context, frozen.reference)
        return frozen.reference


def store(settings: Settings) -> Store:
    """What fits the cluster that is up, or the one that `up` would make."""
    try:
        running = recall(settings)
    except NoClusterError:
        running = Running(choice=choose(probe(settings), os.environ), docker_host=os.environ.get("DOCKER_HOST", ""))
    engine = running.engine(settings)
    if running.choice.engine == "private":
        nodes = Nodes(engine=engine, control_plane=settings.control_plane)
        return LayoutStore(engine=engine, nodes=nodes, settings=settings)
    kind = Kind(engine=engine, program=programs.program("kind", settings), kubeconfig=settings.kubeconfig)
    return DockerStore(engine=engine, kind=kind, settings=settings)


def _references_on(cluster: Cluster, node: str) -> set[str]:
    return set(cluster.node_exec(node, *IN_NODE, "images", "list", "--quiet").split())
