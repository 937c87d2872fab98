"""Content keys: the same inputs give the same key, any change another; artefacts appear whole or not at all."""

import os
from pathlib import Path

import pytest

from e2e.cluster.content import copy_tree, keep_newest, key_of, made_at


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "sub").mkdir(parents=True)
    (root / "a.py").write_text("a")
    (root / "sub" / "b.py").write_text("b")
    return root


def test_a_copy_elsewhere_has_the_same_key(tree: Path, tmp_path: Path) -> None:
    copy_tree(tree, tmp_path / "copy")
    assert key_of(tree) == key_of(tmp_path / "copy")


def test_byte_code_does_not_count(tree: Path) -> None:
    before = key_of(tree)
    (tree / "__pycache__").mkdir()
    (tree / "__pycache__" / "a.pyc").write_bytes(b"x")
    assert key_of(tree) == before


@pytest.mark.parametrize("change", ["content", "name", "mode", "new"])
def test_every_change_counts(tree: Path, change: str) -> None:
    before, file = key_of(tree), tree / "sub" / "b.py"
    match change:
        case "content":
            file.write_text("c")
        case "name":
            file.rename(tree / "sub" / "c.py")
        case "mode":
            file.chmod(0o755)
        case "new":
            (tree / "n").write_text("")
    assert key_of(tree) != before


def test_pieces_do_not_run_together() -> None:
    assert key_of("ab", "c") != key_of("a", "bc")


def test_a_failed_artefact_does_not_appear(tmp_path: Path) -> None:
    def fail_half_way() -> None:
        with made_at(tmp_path / "artefact") as target:
            target.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert list(tmp_path.iterdir()) == []


def test_a_whole_artefact_appears(tmp_path: Path) -> None:
    with made_at(tmp_path / "deep" / "artefact") as target:
        target.mkdir()
        (target / "f").write_text("x")
    assert (tmp_path / "deep" / "artefact" / "f").read_text() == "x"


def test_keep_newest(tmp_path: Path) -> None:
    for age in range(4):
        path = tmp_path / str(age)
        path.mkdir() if age % 2 else path.write_text("")
        os.utime(path, (1000 - age, 1000 - age))
    keep_newest(tmp_path.iterdir(), 2)
    assert {path.name for path in tmp_path.iterdir()} == {"0", "1"}
