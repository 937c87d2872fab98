"""Writes all generated files, or checks that writing them again changes nothing.

The check compares content, not version control: it also holds for a tree with changes that are not committed yet.
"""

import argparse
import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
# In order: later ones read what earlier ones wrote.
GENERATORS: Final = ("smtppool.api.crd", "hack.generate")
WRITTEN: Final = ("crds", "charts", "manifests")


def digests() -> dict[str, str]:
    """Content of every file in the directories that generators write to."""
    paths = (path for directory in WRITTEN for path in sorted((ROOT / directory).rglob("*")) if path.is_file())
    return {path.relative_to(ROOT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def main() -> int:
    """Exit status 1 if `--check` finds a file that was not current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if a file was not current")
    check = parser.parse_args().check
    before = digests()
    for module in GENERATORS:
        if status := subprocess.run([sys.executable, "-m", module], cwd=ROOT, check=False).returncode:
            print(f"{module} failed with exit status {status}")
            return 1
    after = digests()
    stale = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    for path in stale:
        print(f"{path}: {'was not current; it is now: commit it' if check else 'written'}")
    print(f"generated files: {len(after)} in {', '.join(WRITTEN)}, {len(stale)} changed")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
