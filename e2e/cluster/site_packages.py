"""Site directories for the images' Python: wheels of a hash-pinned requirements file, unpacked on this machine.

The image build itself needs no package index, and no pip is in an image. Cached by the requirements file.
"""

import platform
import sys
from pathlib import Path

from e2e.cluster.content import key_of, made_at
from e2e.cluster.settings import Settings
from e2e.cluster.shell import run, step
from e2e.cluster.versions import IMAGE_PYTHON

# Oldest C library first; trixie has 2.41 and runs wheels for all of these.
MANYLINUX = ("manylinux2014", "manylinux_2_17", "manylinux_2_24", "manylinux_2_27", "manylinux_2_28", "manylinux_2_34")
PIP_TIMEOUT = 900


def provide(requirements: Path, settings: Settings) -> Path:
    """A directory for PYTHONPATH with exactly these packages."""
    directory = settings.cache / "site" / key_of(requirements, IMAGE_PYTHON, platform.machine())
    if not directory.exists():
        with step(f"unpack wheels of {requirements.name}"), made_at(directory) as target:
            run(sys.executable, "-m", "pip", *_arguments(requirements, target), timeout=PIP_TIMEOUT)
    return directory


def _arguments(requirements: Path, target: Path) -> list[str]:
    platforms = (f"--platform={tag}_{platform.machine()}" for tag in MANYLINUX)
    fixed = ("--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:", "--no-compile", "--implementation=cp")
    python = f"--python-version={IMAGE_PYTHON}"
    return ["install", *fixed, python, *platforms, "--target", str(target), "--requirement", str(requirements)]
