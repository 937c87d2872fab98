"""The private engine: what it leaves behind must work without the checkout that started it."""

import subprocess
import sys
from pathlib import Path

from e2e.cluster.private_engine import interpreter


def test_the_engines_interpreter_is_of_no_virtual_environment() -> None:
    assert sys.prefix != sys.base_prefix, "this test runs in a virtual environment"
    assert not interpreter().is_relative_to(Path(sys.prefix))
    said = subprocess.run([interpreter(), "-IS", "-c", "import json, os"], check=True, timeout=10, capture_output=True)
    assert said.stdout == b""
