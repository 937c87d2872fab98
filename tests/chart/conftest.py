"""The chart, rendered by the real helm."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from e2e.cluster.programs import program
from e2e.cluster.settings import from_environment

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "smtp-pool-operator"
NAMESPACE = "smtp-system"

Body = dict[str, Any]
Render = Callable[..., list[Body]]


@pytest.fixture(scope="session")
def helm() -> Path:
    """The executable, built if it is not there."""
    return program("helm", from_environment())


def run_helm(helm: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([helm, *argv], capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="session")
def render(helm: Path) -> Render:
    """`render("a.b=c", ...)`: all manifests, hooks included, with these values set."""

    def rendered(*values: str) -> list[Body]:
        settings = [word for value in values for word in ("--set", value)]
        done = run_helm(helm, "template", "smtp-pool-operator", str(CHART), "--namespace", NAMESPACE, *settings)
        assert done.returncode == 0, done.stderr
        return [body for body in yaml.safe_load_all(done.stdout) if body]

    return rendered


def only(bodies: list[Body], kind: str, name: str = "") -> Body:
    """The one object of a kind (and name)."""
    found = [body for body in bodies if body["kind"] == kind and name in ("", body["metadata"]["name"])]
    assert len(found) == 1, [(body["kind"], body["metadata"]["name"]) for body in bodies]
    return found[0]
