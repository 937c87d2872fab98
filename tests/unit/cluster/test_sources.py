"""Images hold what their programs import, and no more: an edit of the operator leaves the relay image as it is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.cluster.sources import PACKAGE, PARTS, SOURCES, ImageSource

PROGRAMS = {"operator": {"control", "node", "cli"}, "relay": {"gate", "agent"}}


@pytest.mark.parametrize("name", PARTS)
def test_an_image_has_all_that_its_programs_import(name: str) -> None:
    reached = {_file(module).relative_to(PACKAGE) for module in _reached(*PROGRAMS[name])} - {Path("__init__.py")}
    whole = {part for part in PARTS[name] if not part.endswith(".py")}
    assert {file.parts[0] for file in reached} == {Path(part).parts[0] for part in PARTS[name]}
    assert {str(file) for file in reached if file.parts[0] not in whole} == set(PARTS[name]) - whole


@pytest.mark.parametrize("name", SOURCES)
def test_a_frozen_copy_has_the_same_reference(name: str, tmp_path: Path) -> None:
    assert SOURCES[name].frozen(tmp_path).reference == SOURCES[name].reference


@pytest.mark.parametrize(
    ("file", "renamed"),
    [
        ("control/pool.py", {"operator"}),
        ("policy/placement.py", {"operator"}),
        ("policy/bounces.py", {"operator", "relay"}),
        ("agent/agent.py", {"relay"}),
        ("gate/lanes.py", {"relay"}),
        ("api/names.py", {"operator", "relay"}),
        ("kube/client.py", {"operator", "relay"}),
    ],
)
def test_an_edit_renames_the_images_that_hold_it_and_no_other(file: str, renamed: set[str], tmp_path: Path) -> None:
    assert {name for name in PARTS if _edited(SOURCES[name].frozen(_empty(tmp_path / name)), file)} == renamed


def _edited(source: ImageSource, file: str) -> bool:
    """Whether an edit of this file of the package gives the image another name."""
    before, wanted = source.reference, Path("smtppool", file)
    for name, tree in source.trees.items():
        if wanted.is_relative_to(name) and (held := tree / wanted.relative_to(name)).exists():
            held.write_text("# edited\n")
    return source.reference != before


def _empty(directory: Path) -> Path:
    directory.mkdir()
    return directory


def _reached(*programs: str) -> set[str]:
    """Every module of the package that these programs import, at whatever depth and also inside functions."""
    todo = [_module(file) for program in programs for file in (PACKAGE / program).rglob("*.py")]
    reached: set[str] = set()
    while todo:
        module = todo.pop()
        if module not in reached:
            reached.add(module)
            todo.extend(_imports(module))
    return reached


def _module(file: Path) -> str:
    return ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def _imports(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(_file(module).read_text())):
        match node:
            case ast.ImportFrom(module=str(origin)) if origin.split(".")[0] == PACKAGE.name:
                names = (f"{origin}.{alias.name}" for alias in node.names)
                yield origin
                yield from (name for name in names if _file(name).exists())
            case ast.Import():
                yield from (alias.name for alias in node.names if alias.name.split(".")[0] == PACKAGE.name)


def _file(module: str) -> Path:
    path = PACKAGE.parent.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
