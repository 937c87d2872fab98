"""A control plane that knows our kinds."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from e2e.cluster.controlplane import ControlPlane

CRDS = Path(__file__).parents[2] / "crds"
DEFINITIONS = "crd/smtppools.smtppool.io", "crd/smtpservers.smtppool.io", "crd/ipwarmupplans.smtppool.io"


@contextmanager
def with_definitions(directory: Path) -> Iterator[ControlPlane]:
    """Up, with the CRDs established."""
    with ControlPlane(directory=directory, controllers=True) as plane:
        plane.kubectl("apply", "--server-side", "-f", str(CRDS))
        plane.kubectl("wait", "--for=condition=Established", "--timeout=30s", *DEFINITIONS)
        yield plane
