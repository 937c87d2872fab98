"""Names and paths of one test cluster, all derived from one prefix and one cache root.

Two clusters with different prefixes share built artefacts and nothing else; nothing outside the cache root is written
except the network namespace, the cgroup and the mounts that carry the prefix.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster.errors import ClusterError

REPOSITORY = Path(__file__).resolve().parents[2]
PREFIX = re.compile(r"[a-z][a-z0-9-]{0,19}")
SOCKET_PATH_LIMIT = 107  # sun_path holds 108 bytes with its final NUL


class SettingsError(ClusterError):
    """An environment variable asks for something that cannot be."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where one cluster keeps what; `current` means that an existing cluster is used instead of kind."""

    prefix: str
    cache: Path
    current: bool = False

    @property
    def run(self) -> Path:
        """State of the running cluster: sockets, logs, kubeconfig; removed by `down`."""
        return self.cache / "run" / self.prefix

    @property
    def engine_root(self) -> Path:
        """Image and container store of the private engine; kept over `down`, as a cache of loaded images."""
        return self.cache / "engine" / self.prefix

    @property
    def kubeconfig(self) -> Path:
        return self.run / "kubeconfig"

    @property
    def docker_socket(self) -> Path:
        return self.run / "docker.sock"

    @property
    def control_plane(self) -> str:
        return f"{self.prefix}-control-plane"

    @property
    def mailnet(self) -> str:
        return f"{self.prefix}-mailnet"


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """SMTPPOOL_CLUSTER, SMTPPOOL_CACHE and CLUSTER, each with its default."""
    prefix = environment.get("SMTPPOOL_CLUSTER") or "smtppool"
    if not PREFIX.fullmatch(prefix):
        raise SettingsError(f"SMTPPOOL_CLUSTER={prefix!r}: want {PREFIX.pattern}")
    home = Path(environment.get("HOME") or "~").expanduser()
    cache = Path(environment.get("SMTPPOOL_CACHE") or home / ".cache" / "smtppool").absolute()
    cluster = environment.get("CLUSTER") or "kind"
    if cluster not in {"kind", "current"}:
        raise SettingsError(f"CLUSTER={cluster!r}: want kind or current")
    settings = Settings(prefix=prefix, cache=cache, current=cluster == "current")
    longest = settings.run / "containerd.sock.ttrpc"
    if len(str(longest)) > SOCKET_PATH_LIMIT:
        raise SettingsError(f"SMTPPOOL_CACHE={cache}: a socket path would have more than {SOCKET_PATH_LIMIT} bytes")
    return settings
