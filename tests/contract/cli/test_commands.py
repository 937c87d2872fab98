"""The commands against a real API server; the operator's part (status, finalizers, deletion) is done by hand."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from e2e.cluster.controlplane import ControlPlane
from smtppool.api.names import FINALIZER, QUEUE_DECISION

ROOT = Path(__file__).resolve().parents[3]
SERVER = {
    "apiVersion": "smtppool.io/v1alpha1",
    "kind": "SmtpServer",
    "metadata": {"name": "mx1", "finalizers": [FINALIZER]},
    "spec": {
        "poolRef": {"name": "marketing"},
        "relay": {"hostname": "mx1.example.com", "egress": {"address": "198.51.100.11"}},
        "warmup": {"mode": "Warm"},
    },
}
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "mx1-queue"},
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": "",
    },
}


BLOCKED = {
    "type": "DrainBlocked",
    "status": "True",
    "reason": "MailQueued",
    "message": "10 messages in the queue",
    "lastTransitionTime": "2025-01-01T00:00:00Z",
}
WITH_MAIL = {"queue": {"deferred": 10, "messages": 10}, "conditions": [BLOCKED]}


class Commands(NamedTuple):
    """`smtppool` as a user with the admin's rights runs it."""

    plane: ControlPlane
    namespace: str

    def run(self, *argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"KUBECONFIG": str(self.plane.kubeconfig), "COLUMNS": "200", "NO_COLOR": "1"}
        environment["PYTHONPATH"] = str(ROOT / "operator")
        command = [sys.executable, "-m", "smtppool.cli", *argv]
        return subprocess.run(
            command, input=stdin, capture_output=True, text=True, env=environment, timeout=60, check=False
        )

    def kubectl(self, *argv: str, body: dict[str, Any] | None = None) -> str:
        return self.plane.kubectl(*argv, "-n", self.namespace, stdin=json.dumps(body) if body else None)

    def make(self, body: dict[str, Any], *, status: dict[str, Any] | None = None) -> None:
        self.kubectl("apply", "--server-side", "-f", "-", body=body)
        if status is not None:
            name = f"{body['kind'].lower()}/{body['metadata']['name']}"
            self.kubectl("patch", name, "--subresource=status", "--type=merge", "-p", json.dumps({"status": status}))

    def delete(self, name: str) -> None:
        self.kubectl("delete", name, "--wait=false")

    def decision(self) -> str:
        path = QUEUE_DECISION.replace(".", "\\.")
        return self.kubectl("get", "smtpserver", "mx1", "-o", f"jsonpath={{.metadata.annotations.{path}}}")


@pytest.fixture
def commands(plane: ControlPlane, namespace: str) -> Commands:
    return Commands(plane, namespace)


@pytest.fixture
def deleted(commands: Commands) -> Commands:
    """A server with ten messages, whose deletion the operator holds."""
    commands.make(SERVER, status=WITH_MAIL)
    commands.delete("smtpserver/mx1")
    return commands


def test_status_and_explain(deleted: Commands) -> None:
    shown = deleted.run("status", "-n", deleted.namespace)
    assert shown.returncode == 0
    assert "without a pool" in shown.stdout
    assert "MailQueued: 10 messages in the queue" in shown.stdout
    explained = deleted.run("explain", "mx1", "-n", deleted.namespace)
    assert "smtppool queue save|drop" in explained.stdout


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("explain", "absent"), "there is no SmtpServer absent"),
        (("queue", "drop", "absent", "--yes"), "there is no SmtpServer absent"),
        (("status", "absent"), "no SmtpPool absent"),
    ],
)
def test_what_is_not_there(commands: Commands, argv: tuple[str, ...], says: str) -> None:
    done = commands.run(*argv, "-n", commands.namespace)
    assert done.returncode == 1
    assert says in done.stderr


@pytest.mark.parametrize("verb", ["save", "drop"])
def test_no_decision_about_a_living_server(commands: Commands, verb: str) -> None:
    commands.make(SERVER)
    done = commands.run("queue", verb, "mx1", "-n", commands.namespace, stdin="y\n")
    assert done.returncode == 1
    assert "is not being deleted" in done.stderr
    assert commands.decision() == ""
    release(commands)


@pytest.mark.parametrize(("answer", "decision"), [("n\n", ""), ("y\n", "drop")])
def test_drop_asks(deleted: Commands, answer: str, decision: str) -> None:
    done = deleted.run("queue", "drop", "mx1", "-n", deleted.namespace, stdin=answer)
    assert "DrainBlocked: 10 messages" in done.stdout
    assert deleted.decision() == decision
    release(deleted)


def test_save_keeps_the_volume_first(deleted: Commands) -> None:
    volume = f"volume-{deleted.namespace}"
    deleted.make(volume_body(volume))
    deleted.make(CLAIM | {"spec": CLAIM["spec"] | {"volumeName": volume}})  # type: ignore[operator] # plain JSON
    done = deleted.run("queue", "save", "mx1", "-n", deleted.namespace)
    assert (done.returncode, done.stderr) == (0, "")
    assert volume in done.stdout
    policy = deleted.kubectl("get", "pv", volume, "-o", "jsonpath={.spec.persistentVolumeReclaimPolicy}")
    assert (policy, deleted.decision()) == ("Retain", "save")
    release(deleted)


def test_save_without_a_volume_decides_nothing(deleted: Commands) -> None:
    done = deleted.run("queue", "save", "mx1", "-n", deleted.namespace)
    assert done.returncode == 1
    assert "nothing to save" in done.stderr
    assert deleted.decision() == ""
    release(deleted)


def test_leftovers_wait_for_the_node_programs(commands: Commands) -> None:
    ours = {"app.kubernetes.io/part-of": "smtppool"}
    for name, labels in {"a-egress": ours, "a-egress-report": ours, "b-egress": {}, "marketing-routing": ours}.items():
        commands.make({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}})
    pod = {"metadata": {"name": "egress", "labels": {"app.kubernetes.io/component": "egress"}}}
    commands.make({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "image": "b"}]}, **pod})
    waiting = commands.run("cleanup", "leftovers", f"--namespace={commands.namespace}", "--timeout", "1")
    assert waiting.returncode == 1
    commands.kubectl("delete", "pod", "egress", "--grace-period=0", "--force")
    done = commands.run("cleanup", "leftovers", f"--namespace={commands.namespace}", "--lease=smtp-pool-operator")
    assert (done.returncode, done.stderr) == (0, "")
    left = commands.kubectl("get", "configmaps", "-o", "jsonpath={.items[*].metadata.name}").split()
    assert sorted(set(left) - {"kube-root-ca.crt"}) == ["b-egress", "marketing-routing"]


def test_no_cluster_is_one_line(tmp_path: Path) -> None:
    environment = os.environ | {"KUBECONFIG": str(tmp_path / "absent"), "PYTHONPATH": str(ROOT / "operator")}
    command = [sys.executable, "-m", "smtppool.cli", "status"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def volume_body(name: str) -> dict[str, Any]:
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/none"}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": spec | {"persistentVolumeReclaimPolicy": "Delete"},
    }


def release(commands: Commands) -> None:
    """Drop the finalizer, as the operator does at the end."""
    commands.kubectl("patch", "smtpserver", "mx1", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    commands.kubectl("delete", "smtpserver", "mx1", "--ignore-not-found", "--wait=false")
    deadline = time.monotonic() + 10
    while commands.kubectl("get", "smtpserver", "mx1", "--ignore-not-found"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
