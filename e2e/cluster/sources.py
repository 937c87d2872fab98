"""What the product's images are made of, and the references that follow from it.

A reference ends in a key over the Containerfile and everything copied in: a changed image has another name, so it
really rolls, and an unchanged one is never built twice.
"""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from e2e.cluster import versions
from e2e.cluster.content import copy_tree, key_of
from e2e.cluster.programs import PROGRAMS, program
from e2e.cluster.settings import REPOSITORY, Settings
from e2e.cluster.site_packages import provide


class UnknownImageError(Exception):
    """A name that is in no table."""


@dataclass(frozen=True, kw_only=True)
class ImageSource:
    """One image; `trees` are directories of the repository by their name in the build context ('' is its root)."""

    name: str
    containerfile: Path
    trees: dict[str, Path]
    programs: tuple[str, ...] = ()
    requirements: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "requirements", REPOSITORY / "requirements" / f"{self.name}.txt")

    @property
    def reference(self) -> str:
        """smtppool/<name>:<key>."""
        parts: list[str | Path] = [versions.BASE_IMAGE, versions.IMAGE_PYTHON, self.containerfile, self.requirements]
        for name, tree in sorted(self.trees.items()):
            parts += [name, tree]
        return f"smtppool/{self.name}:{key_of(*parts, *(PROGRAMS[name].key for name in self.programs))}"

    def assemble(self, context: Path, settings: Settings) -> None:
        """Make a directory with what the Containerfile may copy; large things are links into the cache."""
        context.mkdir()
        for name, tree in self.trees.items():
            copy_tree(tree, context / name)
        if not (context / "Containerfile").exists():
            shutil.copyfile(self.containerfile, context / "Containerfile")
        for name in self.programs:
            os.link(program(name, settings), context / name)
        shutil.copytree(provide(self.requirements, settings), context / "site", copy_function=os.link)


def _of_the_product(name: str) -> ImageSource:
    own = REPOSITORY / "images" / name
    trees = {"": own, "smtppool": REPOSITORY / "operator" / "smtppool"}
    return ImageSource(name=name, containerfile=own / "Containerfile", trees=trees)


MAILNET = REPOSITORY / "e2e" / "mailnet"
SOURCES = {
    source.name: source
    for source in (
        _of_the_product("operator"),
        _of_the_product("relay"),
        ImageSource(
            name="mailnet",
            containerfile=MAILNET / "Containerfile",
            trees={"mailnet": MAILNET},
            programs=("coredns",),
        ),
    )
}


def image(name: str) -> ImageSource:
    if name not in SOURCES:
        raise UnknownImageError(f"no image {name!r}; there are {', '.join(SOURCES)}")
    return SOURCES[name]
