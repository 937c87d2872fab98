"""Build the product's images and bring them to where they run: nodes, and the engine for the simulated internet.

One archive per reference in the cache; the newest few of each image are kept.
"""

from collections.abc import Iterable
from pathlib import Path

from e2e.cluster.builders import Builder
from e2e.cluster.content import made_at
from e2e.cluster.engine import Engine, docker, exists
from e2e.cluster.kind import Kind
from e2e.cluster.nodes import Nodes
from e2e.cluster.settings import Settings
from e2e.cluster.shell import step
from e2e.cluster.sources import ImageSource

KEPT_ARCHIVES = 4
LOAD_TIMEOUT = 300


def build(source: ImageSource, builder: Builder, settings: Settings) -> Path:
    """The archive of an image, built if its reference is new."""
    archive = _directory(settings) / f"{source.reference.removeprefix('smtppool/').replace(':', '-')}.tar"
    if not archive.exists():
        with step(f"build image {source.reference}"), made_at(archive) as target:
            context = target.with_suffix(".context")  # beside the target, so it is gone with it
            source.assemble(context, settings)
            builder.build(context, source.reference, target)
        _forget_old(source, settings)
    return archive


def load_into_engine(engine: Engine, source: ImageSource, archive: Path) -> None:
    if not exists(engine, "image", source.reference):
        with step(f"load {source.reference} into the engine"):
            docker(engine, "load", "--quiet", "--input", str(archive), timeout=LOAD_TIMEOUT)


def load_into_nodes(kind: Kind, nodes: Nodes, sources: Iterable[tuple[ImageSource, Path]], *, cluster: str) -> None:
    """Each image on every node that does not have it."""
    present = {node.name: _references_on(nodes, node.name) for node in nodes.every()}
    for source, archive in sources:
        lacking = [name for name, references in present.items() if f"docker.io/{source.reference}" not in references]
        if lacking:
            with step(f"load {source.reference} onto {', '.join(lacking)}"):
                kind.load(archive, cluster=cluster, nodes=lacking)


def _references_on(nodes: Nodes, node: str) -> set[str]:
    return set(nodes.execute(node, "ctr", "--namespace", "k8s.io", "images", "list", "--quiet").split())


def _directory(settings: Settings) -> Path:
    return settings.cache / "images"


def _forget_old(source: ImageSource, settings: Settings) -> None:
    archives = sorted(_directory(settings).glob(f"{source.name}-*.tar"), key=lambda path: path.stat().st_mtime)
    for archive in archives[:-KEPT_ARCHIVES]:
        archive.unlink()
