"""A real etcd + kube-apiserver (+ kube-controller-manager) on loopback, ready in seconds, for contract tests.

RBAC is enforced: the admin is in system:masters, everybody else may do what a Role says. Nothing survives the `with`
block, also when the test process is killed.

    with ControlPlane(directory=tmp_path, controllers=True) as plane:
        plane.kubectl("apply", "--server-side", "-f", "crds/")
        token = plane.service_account_token("mail", "mx1-agent")
        agent = plane.kubeconfig_for(name="agent", token=token)      # acts with that account's rights only
"""

import json
import secrets
import shutil
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from e2e.cluster import programs
from e2e.cluster.bound import BoundProgram
from e2e.cluster.settings import from_environment
from e2e.cluster.shell import run, succeeds

READY_TIMEOUT = 60
LEFT_OUT = (
    "node-lifecycle",  # no kubelet sends a node's heartbeat here: after a minute it would call every pod not ready
    # Nobody looks at what these make, and two cores carry several control planes at a time.
    *("endpoints", "endpointslice", "endpointslice-mirroring", "resourcequota", "horizontal-pod-autoscaler"),
    *("deployment", "replicaset", "replicationcontroller", "daemonset", "job", "cronjob"),
)
SERVICE_RANGE = "10.0.0.0/24"


class ControlPlane:
    """One control plane; `server` is its URL, `kubeconfig` the admin's. With `controllers`, owner references are
    collected, StatefulSets make pods (which stay Pending) and each namespace gets its default service account.

    `definitions` is a directory of CRDs that are in force before the controllers start: later ones are collected only
    when the garbage collector next looks for new kinds, each 30 s.
    """

    def __init__(self, *, directory: Path, controllers: bool = False, definitions: Path | None = None) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self._definitions = definitions
        self.kubeconfig = directory / "admin.kubeconfig"
        self._binaries = programs.bin_directory(programs.SETS["contract"], from_environment())
        self._etcd_url, self._peer_url = (f"http://127.0.0.1:{_free_port()}" for _ in range(2))
        self._port = _free_port()
        self.server = f"https://127.0.0.1:{self._port}"
        self._etcd = self._program("etcd", self._etcd_flags())
        self._apiserver = self._program("kube-apiserver", self._apiserver_flags(controllers=controllers))
        self._controllers = self._program("kube-controller-manager", self._controller_flags()) if controllers else None

    def __enter__(self) -> Self:
        self._write_credentials()
        try:
            self._etcd.start()
            self.start_server()
            if self._definitions:
                self._define(self._definitions)
            if self._controllers:
                self._controllers.start()
                self._controllers.wait_until(
                    self._default_account_exists, reason="the default service account", timeout=READY_TIMEOUT
                )
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def start_server(self) -> None:
        """Start the API server and wait for /readyz; also after `stop_server`, with the same port and objects."""
        self._apiserver.start()
        self._apiserver.wait_until(self._is_ready, reason="/readyz of the API server", timeout=READY_TIMEOUT)

    def stop_server(self) -> None:
        """Stop the API server alone: clients see refused connections, the objects stay in etcd."""
        self._apiserver.stop()

    def kubectl(self, *argv: str, stdin: str | None = None, kubeconfig: Path | None = None) -> str:
        """Output of kubectl as the admin, or with another kubeconfig's rights."""
        kubectl, rights = self._binaries / "kubectl", kubeconfig or self.kubeconfig
        return run(kubectl, "--kubeconfig", rights, *argv, stdin=stdin, timeout=120)

    def service_account_token(self, namespace: str, name: str) -> str:
        """A token of an existing service account, from the TokenRequest API; valid for one hour."""
        return self.kubectl("create", "token", name, "-n", namespace).strip()

    def kubeconfig_for(self, *, name: str, token: str) -> Path:
        """A kubeconfig file that carries this bearer token and nothing else."""
        cluster = {"server": self.server, "certificate-authority": str(self.authority)}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": {"token": token}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": "default"}}],
        }
        return _secret_file(self.directory / f"{name}.kubeconfig", json.dumps(content))

    @property
    def authority(self) -> Path:
        """The certificate that the server made for itself; the file ends with the authority that signed it."""
        return self.directory / "pki" / "apiserver.crt"

    def _define(self, definitions: Path) -> None:
        self.kubectl("apply", "--server-side", "-f", str(definitions))
        self.kubectl("wait", "--for=condition=Established", "--timeout=30s", "customresourcedefinitions", "--all")

    def _write_credentials(self) -> None:
        token = secrets.token_urlsafe(24)
        _secret_file(self.directory / "tokens.csv", f'{token},admin,admin,"system:masters"\n')
        run("openssl", "genrsa", "-out", self.directory / "service-accounts.key", "2048")
        self.kubeconfig_for(name="admin", token=token)

    def _stop(self) -> None:
        for program in (self._controllers, self._apiserver, self._etcd):
            if program:
                program.stop()
        shutil.rmtree(self.directory / "etcd", ignore_errors=True)

    def _program(self, name: str, flags: dict[str, str]) -> BoundProgram:
        words = [f"--{flag}={value}" for flag, value in flags.items()]
        # An API server with open watches would take a minute to end by itself.
        return BoundProgram(argv=[self._binaries / name, *words], log=self.directory / f"{name}.log", patience=1)

    def _is_ready(self) -> bool:
        return self.authority.exists() and self._asks("get", "--raw", "/readyz")

    def _default_account_exists(self) -> bool:
        return self._asks("get", "serviceaccount", "default", "--namespace", "default")

    def _asks(self, *argv: str) -> bool:
        return succeeds(self._binaries / "kubectl", "--kubeconfig", self.kubeconfig, *argv)

    def _etcd_flags(self) -> dict[str, str]:
        return {
            "data-dir": str(self.directory / "etcd"),
            "listen-client-urls": self._etcd_url,
            "advertise-client-urls": self._etcd_url,
            "listen-peer-urls": self._peer_url,
            "initial-advertise-peer-urls": self._peer_url,
            "initial-cluster": f"default={self._peer_url}",
            "unsafe-no-fsync": "true",
        }

    def _apiserver_flags(self, *, controllers: bool) -> dict[str, str]:
        flags = {
            "etcd-servers": self._etcd_url,
            "bind-address": "127.0.0.1",
            "advertise-address": "127.0.0.1",
            "endpoint-reconciler-type": "none",
            "secure-port": str(self._port),
            "cert-dir": str(self.directory / "pki"),
            "token-auth-file": str(self.directory / "tokens.csv"),
            "authorization-mode": "RBAC",
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": str(self.directory / "service-accounts.key"),
            "service-account-signing-key-file": str(self.directory / "service-accounts.key"),
            "service-cluster-ip-range": SERVICE_RANGE,
            "allow-privileged": "true",
        }
        # Nobody makes default service accounts without controllers, and pods would be refused for want of them.
        return flags if controllers else flags | {"disable-admission-plugins": "ServiceAccount"}

    def _controller_flags(self) -> dict[str, str]:
        return {
            "kubeconfig": str(self.kubeconfig),
            "service-account-private-key-file": str(self.directory / "service-accounts.key"),
            "root-ca-file": str(self.authority),
            "leader-elect": "false",
            "secure-port": "0",
            "use-service-account-credentials": "false",
            "namespace-sync-period": "5s",
            "controllers": ",".join(("*", *(f"-{name}-controller" for name in LEFT_OUT))),
            # One test must not wait for the controllers to clean up after the one before it.
            "kube-api-qps": "500",
            "kube-api-burst": "1000",
        }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _secret_file(path: Path, content: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(content)
    return path
