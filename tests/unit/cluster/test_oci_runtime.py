"""The runtime wrapper takes out what the host lacks, from the right files, and nothing else."""

import json
from pathlib import Path

import pytest

from e2e.cluster.oci_runtime import files_of, missing_capabilities, rewrite, without

FULL = "Name:\tx\nCapBnd:\t000001ffffffffff\n"
NO_SYS_RESOURCE = "Name:\tx\nCapBnd:\t000001fffeffffff\n"
MISSING = frozenset({"CAP_SYS_RESOURCE"})


@pytest.mark.parametrize(("status", "expected"), [(FULL, frozenset()), (NO_SYS_RESOURCE, MISSING)])
def test_missing_capabilities(status: str, expected: frozenset[str]) -> None:
    assert missing_capabilities(status) == expected


def test_without() -> None:
    assert without({"bounding": ["CAP_CHOWN", "CAP_SYS_RESOURCE"], "ambient": None}, MISSING) == {
        "bounding": ["CAP_CHOWN"],
        "ambient": [],
    }


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["--root", "/r", "create", "--bundle", "/b", "id"], [Path("/b/config.json")]),
        (["run", "-b", "/b", "id"], [Path("/b/config.json")]),
        (["exec", "--process", "/p/process.json", "id"], [Path("/p/process.json")]),
        (["delete", "--force", "id"], []),
    ],
)
def test_files_of(argv: list[str], expected: list[Path]) -> None:
    assert files_of(argv) == expected


@pytest.mark.parametrize("nested", [True, False])
def test_rewrite_keeps_everything_else(tmp_path: Path, nested: bool) -> None:
    process = {"args": ["sh"], "capabilities": {"bounding": ["CAP_KILL", "CAP_SYS_RESOURCE"]}}
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"process": process, "hostname": "h"} if nested else process))
    rewrite(file, MISSING)
    expected = {"args": ["sh"], "capabilities": {"bounding": ["CAP_KILL"]}}
    assert json.loads(file.read_text()) == ({"process": expected, "hostname": "h"} if nested else expected)
