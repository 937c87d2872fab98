"""A containerd and a dockerd of our own in a network namespace of their own, from the distribution's packages.

For machines without a Docker daemon: nothing is started by systemd, no interface, rule or file of the host is touched,
and containers have no way out. Commands enter by `nsenter --net`; `ip netns exec` would remount /sys and hide cgroups.
"""

import json
import sys
from pathlib import Path

from e2e.cluster import leftovers
from e2e.cluster.daemon import Daemon
from e2e.cluster.oci_runtime import missing_capabilities
from e2e.cluster.settings import Settings
from e2e.cluster.shell import NotReadyError, run, step, succeeds, wait_until

START_TIMEOUT = 60
CONTAINERD_SOCKET = "containerd.sock"
CONTAINERD_CONFIG = "containerd.toml"
DOCKERD_CONFIG = "daemon.json"
RUNTIME = Path(__file__).with_name("oci_runtime.py")


class PrivateEngine:
    """One engine per prefix; `start` and `stop` may be called in any state."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._run = settings.run
        self.environment = {"DOCKER_HOST": f"unix://{settings.docker_socket}"}
        self.inside: tuple[str, ...] = ("nsenter", f"--net=/run/netns/{settings.prefix}")

    def start(self) -> None:
        if self._answers():
            return
        self.stop()
        with step("start the private engine"):
            self._configure()
            self._make_namespace()
            self._containerd.start()
            self._await(self._containerd, "ctr", "--address", str(self._run / CONTAINERD_SOCKET), "version")
            self._dockerd.start()
            self._await(self._dockerd, "docker", "info")

    def stop(self) -> None:
        for daemon in (self._dockerd, self._containerd):
            daemon.stop()
        leftovers.clear(self._settings)

    def _answers(self) -> bool:
        return self._dockerd.pid() is not None and succeeds("docker", "info", env=self.environment)

    def _make_namespace(self) -> None:
        run("ip", "netns", "add", self._settings.prefix)
        run("ip", "-n", self._settings.prefix, "link", "set", "lo", "up")
        run(*self.inside, "sysctl", "-qw", "net.ipv4.ip_forward=1")

    def _await(self, daemon: Daemon, *probe: str) -> None:
        def ready() -> bool:
            if daemon.pid() is None:
                raise NotReadyError(f"{daemon.name} ended:\n{daemon.log.read_text()[-2000:]}")
            return succeeds(*probe, env=self.environment)

        wait_until(ready, reason=f"{daemon.name} (log: {daemon.log})", timeout=START_TIMEOUT)

    def _configure(self) -> None:
        """The user's /etc/docker/daemon.json must not apply; the runtime is wrapped only where it has to be."""
        self._run.mkdir(parents=True, exist_ok=True)
        root, state = self._settings.engine_root / "containerd", self._run / "state"
        config = containerd_config(root=root, state=state, socket=self._run / CONTAINERD_SOCKET)
        (self._run / CONTAINERD_CONFIG).write_text(config)
        daemon: dict[str, object] = {}
        if missing_capabilities(Path("/proc/self/status").read_text()):
            wrapper = self._run / "oci-runtime"
            wrapper.write_text(f"#!{interpreter()} -IS\n{RUNTIME.read_text()}")
            wrapper.chmod(0o755)
            daemon = {
                "runtimes": {"fewer-capabilities": {"path": str(wrapper)}},
                "default-runtime": "fewer-capabilities",
            }
        (self._run / DOCKERD_CONFIG).write_text(json.dumps(daemon))

    @property
    def _containerd(self) -> Daemon:
        argv = (*self.inside, "containerd", "--config", str(self._run / CONTAINERD_CONFIG))
        return Daemon(name="containerd", argv=argv, directory=self._run)

    @property
    def _dockerd(self) -> Daemon:
        flags = {
            "containerd": self._run / CONTAINERD_SOCKET,
            "data-root": self._settings.engine_root / "docker",
            "exec-root": self._run / "docker",
            "pidfile": self._run / "dockerd.docker-pid",
            "host": self.environment["DOCKER_HOST"],
            "storage-driver": "overlay2",
            "cgroup-parent": f"/{self._settings.prefix}",
            "config-file": self._run / DOCKERD_CONFIG,
            "oom-score-adjust": 0,  # a lower one needs CAP_SYS_RESOURCE
        }
        words = [f"--{flag}={value}" for flag, value in flags.items()]
        return Daemon(name="dockerd", argv=(*self.inside, "dockerd", *words), directory=self._run)


def interpreter() -> Path:
    """Python for what stays with the engine: not a virtual environment's, which goes with its checkout."""
    return Path(sys.executable).resolve()


def containerd_config(*, root: Path, state: Path, socket: Path) -> str:
    """A containerd that serves Docker or `ctr` only: without its Kubernetes plug-in."""
    return (
        f'version = 2\nroot = "{root}"\nstate = "{state}"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
        f'[grpc]\n  address = "{socket}"\n'
    )
