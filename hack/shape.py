"""Holds what ruff cannot: size of files and functions, pure layers without a clock, no machine's paths, sound shell.

Every finding is one line `path:line: text`; any finding fails the run.
"""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
CODE: Final = ("operator", "e2e", "benchmarks", "hack")
PURE: Final = ("operator/smtppool/policy/", "operator/smtppool/render/")
NOT_OURS: Final = {
    *(".git", ".venv", ".cache", ".hypothesis", ".import_linter_cache", ".mypy_cache", ".pytest_cache", ".ruff_cache"),
    *("__pycache__", "build", "dist"),
}
MAX_FILE: Final = 200
MAX_FUNCTION: Final = 50
CLOCK_CALLS: Final = {"now", "utcnow", "today"}

# Package registries belong to the machine's configuration. Bracketed, so that this file does not find itself.
REGISTRY: Final = re.compile(r"py[p]i\.(org|python)|python[h]osted|pro[x]y\.golang|npm[j]s\.(org|com)|deb\.deb[i]an")


def files() -> Iterator[Path]:
    """Every file of the tree but version control, environments and build output."""
    for directory, subdirectories, names in os.walk(ROOT):
        subdirectories[:] = sorted(
            name for name in subdirectories if name not in NOT_OURS and not name.startswith(".m")
        )
        yield from (Path(directory, name) for name in sorted(names))


def machine_paths() -> re.Pattern[str]:
    """This checkout and this user's home, as text that must not be in the tree."""
    places = {str(Path.home())} - {"/"}
    if len(ROOT.parts) > 2:  # a checkout right under / may share its name with a directory of any machine
        places.add(str(ROOT))
    return re.compile("|".join(rf"(?<![\w.-]){re.escape(place)}(?=/)" for place in sorted(places)))


def check_text(path: str, text: str, *, machine: re.Pattern[str]) -> Iterator[str]:
    """Registry hosts anywhere; machine paths anywhere but in image builds, where a home is the container's."""
    for number, line in enumerate(text.splitlines(), start=1):
        if found := REGISTRY.search(line):
            yield f"{path}:{number}: names a package registry: {found[0]}"
        if not path.startswith("images/") and (found := machine.search(line)):
            yield f"{path}:{number}: holds a path of this machine: {found[0]}"


def check_size(path: str, text: str) -> Iterator[str]:
    """Files and functions within their limits."""
    lines = text.count("\n")
    if lines > MAX_FILE:
        yield f"{path}:1: {lines} lines, at most {MAX_FILE}"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION:
                yield f"{path}:{node.lineno}: {node.name} has {length} lines, at most {MAX_FUNCTION}"


def check_clock(path: str, text: str) -> Iterator[str]:
    """Decisions and rendered text depend on their input alone: the time is passed in."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_CALLS:
            yield f"{path}:{node.lineno}: reads the clock: .{node.func.attr}()"


def check_shell(scripts: list[str]) -> Iterator[str]:
    """What shellcheck says of all shell scripts."""
    shellcheck = Path(sys.executable).with_name("shellcheck")
    if not shellcheck.is_file():
        yield f"{shellcheck.name}: missing; run: make clean .venv/.stamp"
    elif scripts:
        command = [str(shellcheck), "--format=gcc", *scripts]
        checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        yield from checked.stdout.splitlines()
        yield from checked.stderr.splitlines()
        if checked.returncode and not checked.stdout and not checked.stderr:
            yield f"shellcheck: exit status {checked.returncode}"


def findings() -> Iterator[str]:
    """All findings of the tree."""
    machine, scripts = machine_paths(), []
    for file in files():
        path = file.relative_to(ROOT).as_posix()
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        yield from check_text(path, text, machine=machine)
        if path.endswith(".sh") or re.match(r"#!.*\b(ba)?sh\b", text):
            scripts.append(path)
        if path.endswith(".py") and path.startswith(CODE):
            yield from check_size(path, text)
        if path.endswith(".py") and path.startswith(PURE):
            yield from check_clock(path, text)
    yield from check_shell(scripts)


def main() -> int:
    """Prints the findings; exit status 1 if there are any."""
    found = list(findings())
    print("\n".join(found) if found else "shape: ok")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
