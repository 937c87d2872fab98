"""The operator as a child process: started, stopped, killed, measured."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[3]
READY_TIMEOUT = 60
STOP_TIMEOUT = 20


class OperatorProcess:
    """`python -m smtppool.control` with a kubeconfig; its log goes to a file."""

    def __init__(self, *, kubeconfig: Path, namespace: str, log: Path, extra: Mapping[str, str] | None = None) -> None:
        self._environment = {
            **os.environ,
            "KUBECONFIG": str(kubeconfig),
            "POD_NAMESPACE": namespace,
            "POD_NAME": "operator-0",
            "RELAY_IMAGE": "registry.example/relay:test",
            "CLUSTER_NETWORKS": "10.0.0.0/8",
            "METRICS_PORT": "0",
            "PYTHONPATH": str(ROOT / "operator"),
            **(extra or {}),
        }
        self.kubeconfig = kubeconfig
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until passes run."""
        with self.log.open("ab") as log:
            mark = log.tell()
            argv = [sys.executable, "-m", "smtppool.control"]
            self._process = subprocess.Popen(argv, env=self._environment, stderr=log, stdout=log)
        deadline = time.monotonic() + READY_TIMEOUT
        while not self._is_ready(mark):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the operator did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.05)

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(timeout=STOP_TIMEOUT)

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=20)

    @property
    def running(self) -> bool:
        """It has been started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Of the present process."""
        assert self._process is not None
        return self._process.pid

    @property
    def pss_mib(self) -> float:
        """Proportional set size."""
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024

    def get(self, path: str) -> str:
        """A page of its probes and metrics port."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port()}{path}", timeout=5) as answer:
            return str(answer.read().decode())

    def entries(self, *, since: int = 0) -> list[dict[str, str]]:
        """Its log from a position on."""
        text = self.log.read_bytes()[since:].decode()
        return [json.loads(line) for line in text.splitlines() if line.startswith("{") and line.endswith("}")]

    def _port(self) -> int:
        ports = [entry for entry in self.entries() if entry["message"].startswith("metrics and probes on port")]
        return int(ports[-1]["message"].split()[-1])

    def _is_ready(self, mark: int) -> bool:
        return any("passes run" in entry["message"] for entry in self.entries(since=mark))
