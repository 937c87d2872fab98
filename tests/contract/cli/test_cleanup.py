"""The chart's clean-up of all objects, which spares no namespace: so on an API server of its own."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.cluster.controlplane import ControlPlane
from tests.contract.cli.test_commands import SERVER, WITH_MAIL, Commands, release

CRDS = Path(__file__).resolve().parents[3] / "crds"
POOL = {
    "apiVersion": "smtppool.io/v1alpha1",
    "kind": "SmtpPool",
    "metadata": {"name": "marketing"},
    "spec": {"egressCheck": {"mode": "Off"}},
}


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    with ControlPlane(directory=tmp_path / "plane") as plane:
        yield Commands(plane, "default")


def install_kinds(commands: Commands) -> None:
    commands.plane.kubectl("apply", "--server-side", "-f", str(CRDS))
    commands.plane.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", str(CRDS))


def test_refuses_then_forces_then_finds_nothing(commands: Commands) -> None:
    nothing = commands.run("cleanup", "objects", "--timeout", "5")
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, "", "")
    install_kinds(commands)
    commands.make(POOL)
    commands.make(SERVER, status=WITH_MAIL)
    refused = commands.run("cleanup", "objects", "--timeout", "5")
    assert refused.returncode == 1
    assert "default/mx1: 10 messages in the queue" in refused.stderr
    assert (
        commands.kubectl("get", "smtppools,smtpservers", "-o", "jsonpath={.items[*].metadata.deletionTimestamp}") == ""
    )
    stuck = commands.run("cleanup", "objects", "--force", "--timeout", "1")
    assert stuck.returncode == 1
    assert "not gone after 1 s" in stuck.stderr
    assert "SmtpServer default/mx1: MailQueued: 10 messages in the queue" in stuck.stderr
    assert commands.decision() == "drop"
    operator = threading.Timer(2, release, args=(commands,))
    operator.start()
    done = commands.run("cleanup", "objects", "--timeout", "30")
    operator.join()
    assert (done.returncode, done.stderr) == (0, "")
    assert commands.kubectl("get", "smtppools,smtpservers", "--ignore-not-found", "-o", "name") == ""
