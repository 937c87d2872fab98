"""Content keys: a cached artefact is found again exactly when everything it was made from is the same.

A half-made artefact never gets its final name: it is made beside it and renamed.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

KEY_LENGTH = 12
IGNORED_DIRECTORIES = {"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


def key_of(*parts: str | Path) -> str:
    """Twelve hex digits over texts, files and directory trees (relative names, modes and contents)."""
    digest = hashlib.sha256()
    for part in parts:
        for name, content in _pieces(part):
            digest.update(f"{len(name)}:{name}:{len(content)}:".encode() + content)
    return digest.hexdigest()[:KEY_LENGTH]


def files_below(root: Path) -> Iterator[Path]:
    """Every file of a tree (a file is its own tree) in a stable order, without caches of Python tools."""
    if root.is_file():
        yield root
    for directory, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name not in IGNORED_DIRECTORIES)
        yield from (Path(directory) / name for name in sorted(files) if not name.endswith(".pyc"))


def copy_tree(source: Path, target: Path) -> None:
    """A copy of the files that `key_of` looked at, and of nothing else."""
    for file in files_below(source):
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy)


@contextmanager
def made_at(final: Path) -> Iterator[Path]:
    """A fresh path beside `final` to make a file or tree at; it gets the final name only if nothing failed."""
    final.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{final.name}.", dir=final.parent) as scratch:
        unfinished = Path(scratch) / final.name
        yield unfinished
        if not final.exists():
            unfinished.rename(final)


def keep_newest(paths: Iterable[Path], count: int) -> None:
    """Remove all but the newest of these files or directories."""
    for old in sorted(paths, key=lambda path: path.stat().st_mtime)[:-count]:
        shutil.rmtree(old) if old.is_dir() else old.unlink()


def _pieces(part: str | Path) -> Iterable[tuple[str, bytes]]:
    if isinstance(part, str):
        return [("", part.encode())]
    if part.is_dir():
        return ((_name(file, part), file.read_bytes()) for file in files_below(part))
    return [(part.name, part.read_bytes())]


def _name(file: Path, root: Path) -> str:
    executable = "x" if os.access(file, os.X_OK) else "-"
    return f"{executable}{file.relative_to(root)}"
