"""A client of a pool: a pod in the cluster that runs the load generator, and what came of a run.

The set of acknowledged message ids is the promise that every loss is measured against.
"""

import json
import secrets
import subprocess
from dataclasses import dataclass
from itertools import count
from typing import Any

from e2e.stand.kubectl import apply, kubectl

POD = "client"
_numbers = count(1)
_PROCESS = secrets.token_hex(3)  # the record of the simulated internet outlives this process


@dataclass(frozen=True, kw_only=True)
class Sent:
    """Result of one run of `smtpload`."""

    prefix: str
    report: dict[str, Any]
    acks: frozenset[str]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Refusals and broken connections, with counts and texts."""
        return [*self.report["errors"], *self.report["connection_errors"]]


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run under way."""

    namespace: str
    pod: str
    prefix: str
    acks: str
    process: subprocess.Popen[str]

    def result(self, *, timeout: float = 300) -> Sent:
        """Wait for the end; every acknowledged id is read back from the pod."""
        out = Sender.close(self.process, timeout=timeout)
        ids = kubectl("exec", "-n", self.namespace, self.pod, "--", "cat", self.acks).split()
        return Sent(prefix=self.prefix, report=json.loads(out), acks=frozenset(ids))

    @property
    def running(self) -> bool:
        """Still sending."""
        return self.process.poll() is None


@dataclass(frozen=True, kw_only=True)
class Sender:
    """The client pod of a namespace."""

    namespace: str
    image: str
    name: str = POD
    watched: bool = False  # what its programs say of their progress goes to our own stderr

    def create(self) -> None:
        """Start the pod and wait until it can run programs."""
        apply([self._manifest()])
        kubectl("wait", "-n", self.namespace, "--for=condition=Ready", f"pod/{self.name}", "--timeout=90s", timeout=100)

    def start(self, target: str, *options: str) -> Run:
        """Run `smtpload` against HOST:PORT in the background."""
        prefix = f"{self.namespace}-{_PROCESS}-{next(_numbers)}-"
        acks = f"/tmp/{prefix}acks"
        command = ["smtpload", target, "--prefix", prefix, "--acks", acks, *options]
        process = self.open(*command)
        return Run(namespace=self.namespace, pod=self.name, prefix=prefix, acks=acks, process=process)

    def send(self, target: str, *options: str, timeout: float = 300) -> Sent:
        """Run `smtpload` to its end."""
        return self.start(target, *options).result(timeout=timeout)

    def open(self, *command: str) -> subprocess.Popen[str]:
        """Any other program in the pod, in the background."""
        progress = None if self.watched else subprocess.PIPE
        return subprocess.Popen(
            ["kubectl", "exec", "-n", self.namespace, self.name, "--", *command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=progress, text=True,
        )  # fmt: skip

    @staticmethod
    def close(process: subprocess.Popen[str], *, timeout: float) -> str:
        """Wait for a program that `open` started; its stdout."""
        out, err = process.communicate(timeout=timeout)
        if process.returncode:
            raise AssertionError(f"{process.args!r}: {(err or '').strip()[-2000:]}")
        return out

    def run(self, *command: str, timeout: float = 120) -> str:
        """Any other program in the pod."""
        return kubectl("exec", "-n", self.namespace, self.name, "--", *command, timeout=timeout)

    def _manifest(self) -> dict[str, Any]:
        container = {
            "name": "client",
            "image": self.image,
            "command": ["python3", "-c", "import signal; signal.pause()"],
            "imagePullPolicy": "IfNotPresent",
            # Without a request a busy node gives it next to no time, and what it measures is its own waiting.
            "resources": {"requests": {"cpu": "200m"}},
        }
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": {"containers": [container], "terminationGracePeriodSeconds": 0, "enableServiceLinks": False},
        }
