"""What the product's images are made of, and the references that follow from it.

A reference ends in a key over the Containerfile and everything copied in: a changed image has another name, so it
really rolls, and an unchanged one is never built twice.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from e2e.cluster import versions
from e2e.cluster.content import copy_tree, key_of
from e2e.cluster.errors import ClusterError
from e2e.cluster.programs import PROGRAMS, program
from e2e.cluster.settings import REPOSITORY, Settings
from e2e.cluster.site_packages import provide

REQUIREMENTS = REPOSITORY / "requirements"
PACKAGE = REPOSITORY / "operator" / "smtppool"
# Only what the image's programs import: an edit of the operator must not rename the relay image and roll every relay.
# So of `policy`, which is decisions of the operator, a relay has the two tables that its log reader looks into.
PARTS = {
    "operator": ("api", "policy", "render", "kube", "control", "node", "cli"),
    "relay": (
        *("api", "render", "kube", "gate", "agent"),
        *("policy/__init__.py", "policy/bounces.py", "policy/profiles.py"),
    ),
}


class UnknownImageError(ClusterError):
    """A name that is in no table."""


@dataclass(frozen=True, kw_only=True)
class ImageSource:
    """One image; `trees` are directories and files of the repository by their name in the build context."""

    name: str
    containerfile: Path
    trees: dict[str, Path]
    programs: tuple[str, ...] = ()
    requirements: Path

    def frozen(self, directory: Path) -> "ImageSource":
        """The same image from copies in an empty directory: nobody edits them while they are hashed and built."""
        trees = {name: directory / str(number) / tree.name for number, (name, tree) in enumerate(self.trees.items())}
        for name, copy in trees.items():
            copy_tree(self.trees[name], copy)
        containerfile = shutil.copy(self.containerfile, directory / self.containerfile.name)
        requirements = shutil.copy(self.requirements, directory / self.requirements.name)
        return replace(self, trees=trees, containerfile=Path(containerfile), requirements=Path(requirements))

    @property
    def reference(self) -> str:
        """<repository>/<name>:<key>."""
        parts: list[str | Path] = [versions.BASE_IMAGE, versions.IMAGE_PYTHON, self.containerfile, self.requirements]
        for name, tree in sorted(self.trees.items()):
            parts += [name, tree]
        return f"{repository()}/{self.name}:{key_of(*parts, *(PROGRAMS[name].key for name in self.programs))}"

    def assemble(self, context: Path, settings: Settings) -> None:
        """Make a directory with what the Containerfile may copy; site packages and programs are linked."""
        context.mkdir()
        for name, tree in self.trees.items():
            copy_tree(tree, context / name)
        shutil.copyfile(self.containerfile, context / "Containerfile")
        for name in self.programs:
            os.link(program(name, settings), context / name)
        shutil.copytree(provide(self.requirements, settings), context / "site", copy_function=os.link)


def registry(environment: Mapping[str, str] = os.environ) -> str:
    """The registry of the user's that images go through to a cluster of the user's (CLUSTER=current); else ''."""
    return environment.get("SMTPPOOL_REGISTRY", "") if environment.get("CLUSTER") == "current" else ""


def repository(environment: Mapping[str, str] = os.environ) -> str:
    """Before an image's name: nothing is ever pulled under the one that is no registry."""
    return registry(environment) or "smtppool"


def _of_the_product(name: str, parts: tuple[str, ...]) -> ImageSource:
    own = REPOSITORY / "images" / name
    trees = {"": own} | {f"smtppool/{part}": PACKAGE / part for part in ("__init__.py", *parts)}
    return ImageSource(
        name=name, containerfile=own / "Containerfile", trees=trees, requirements=REQUIREMENTS / f"{name}.txt"
    )


MAILNET = REPOSITORY / "e2e" / "mailnet"
SOURCES = {
    source.name: source
    for source in (
        *(_of_the_product(name, parts) for name, parts in PARTS.items()),
        ImageSource(
            name="mailnet",
            containerfile=MAILNET / "Containerfile",
            trees={"mailnet": MAILNET},
            programs=("coredns",),
            requirements=REQUIREMENTS / "mailnet.txt",
        ),
    )
}


def image(name: str) -> ImageSource:
    if name not in SOURCES:
        raise UnknownImageError(f"no image {name!r}; there are {', '.join(SOURCES)}")
    return SOURCES[name]
