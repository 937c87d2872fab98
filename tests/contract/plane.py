"""A control plane that knows our kinds."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from e2e.cluster.controlplane import ControlPlane

CRDS = Path(__file__).parents[2] / "crds"


@contextmanager
def with_definitions(directory: Path) -> Iterator[ControlPlane]:
    """Up, with the CRDs established."""
    with ControlPlane(directory=directory, controllers=True, definitions=CRDS) as plane:
        yield plane
