"""The operator with no other rights than the chart gives: a pool and a server come and go, and nothing is forbidden."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from e2e.cluster.controlplane import ControlPlane
from tests.chart.conftest import NAMESPACE, ROOT, Render, only
from tests.chart.test_render import ALL, NAME, environment
from tests.chart.test_server import RIGHTS, apply, namespace

POOL = {
    "apiVersion": "smtppool.io/v1alpha1",
    "kind": "SmtpPool",
    "metadata": {"name": "marketing", "namespace": "mail"},
    "spec": {
        "egressCheck": {"mode": "Off"},
        "serverTemplate": {"spec": {"warmup": {"mode": "Warm"}, "relay": {"egress": {"provider": "preprovisioned"}}}},
        "addresses": [{"address": "198.51.100.11", "hostname": "mx11.example.com"}],
    },
}
CHILDREN = "statefulset,pvc,configmap,service,serviceaccount,role,rolebinding,networkpolicy,poddisruptionbudget"


@pytest.fixture
def plane(tmp_path: Path, render: Render) -> Iterator[ControlPlane]:
    """With controllers: they let go of volume claims that nobody uses."""
    with ControlPlane(directory=tmp_path / "plane", controllers=True) as plane:
        apply(plane, namespace(NAMESPACE, "restricted"), namespace("mail", "baseline"))
        apply(plane, *(body for body in render(*ALL) if body["kind"] in {*RIGHTS, "CustomResourceDefinition"}))
        plane.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
        yield plane


@contextmanager
def operator(plane: ControlPlane, render: Render, log: Path) -> Iterator[None]:
    """`python -m smtppool.control` with the chart's account and environment."""
    token = plane.service_account_token(NAMESPACE, NAME)
    stated = {name: value for name, value in environment(only(render(*ALL), "Deployment")).items() if value}
    own = {
        "KUBECONFIG": str(plane.kubeconfig_for(name="operator", token=token)),
        "PYTHONPATH": str(ROOT / "operator"),
        "POD_NAMESPACE": NAMESPACE,
        "POD_NAME": "operator-0",
        "METRICS_PORT": "0",
    }
    command = [sys.executable, "-m", "smtppool.control"]
    with (
        log.open("w") as out,
        subprocess.Popen(command, env=os.environ | stated | own, stderr=out, stdout=out) as program,
    ):
        try:
            yield
            program.send_signal(signal.SIGTERM)
            assert program.wait(timeout=20) == 0
        finally:
            program.kill()


def until(plane: ControlPlane, *argv: str, says: str, log: Path) -> None:
    """kubectl's output, once it holds (or, for an empty text, is) what is asked."""
    deadline, seen = time.monotonic() + 40, ""
    while time.monotonic() < deadline:
        seen = plane.kubectl(*argv, "--ignore-not-found")
        if says in seen if says else not seen:
            return
        time.sleep(0.3)
    pytest.fail(f"{' '.join(argv)}: {seen}\n{log.read_text()[-3000:]}")


def test_the_charts_rights_suffice(plane: ControlPlane, render: Render, tmp_path: Path) -> None:
    log = tmp_path / "operator.log"
    with operator(plane, render, log):
        plane.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(POOL))
        until(plane, "get", "statefulset", "-n", "mail", "-o", "name", says="marketing", log=log)
        until(plane, "get", "smtppool", "-n", "mail", "-o", "jsonpath={..conditions}", says="Ready", log=log)
        until(plane, "get", "lease", NAME, "-n", NAMESPACE, "-o", "jsonpath={.spec}", says="operator-0", log=log)
        until(plane, "get", "events", "-n", "mail", "-o", "name", says="event/", log=log)
        plane.kubectl("delete", "smtppool", "marketing", "-n", "mail", "--wait=false")
        until(plane, "get", "smtppool,smtpserver", "-n", "mail", "-o", "name", says="", log=log)
        mine = ("-l", "app.kubernetes.io/part-of=smtppool", "-o", "name")
        until(plane, "get", CHILDREN, "-n", "mail", *mine, says="", log=log)
    text = log.read_text()
    assert "stopped" in text
    assert "orbidden" not in text
    assert "cannot" not in text
