"""Who this pod is and where its files are; read once at start, from `agent.json` and the downward API."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from smtppool.api import names
from smtppool.api.agent_config import AgentConfig
from smtppool.api.base import IPV4_PATTERN
from smtppool.render import haproxy


@dataclass(frozen=True, kw_only=True)
class Paths:
    """The pod's paths, as `api/names.py` has them, below `root`."""

    root: Path = Path("/")

    def at(self, name: str) -> Path:
        """An absolute path of `api/names.py`, below the root."""
        return self.root / name.lstrip("/")

    @property
    def members_acl(self) -> Path:
        """The file that HAProxy reads its source ACL from when it starts."""
        return self.at(haproxy.MEMBERS_ACL_FILE)


class MissingSettingError(Exception):
    """The pod was started without something that the agent cannot do without."""


class Settings(NamedTuple):
    """Identity of the pod."""

    namespace: str
    pool: str
    server: str
    hostname: str
    metrics_port: int
    pod_uid: str
    pod_ip: str
    paths: Paths
    bind_address: str | None = None


def load(environment: Mapping[str, str], *, paths: Paths) -> Settings:
    """Settings of this pod; MissingSettingError names what is not there."""
    absent = [name for name in ("POD_UID", "POD_IP") if not environment.get(name)]
    if absent:
        raise MissingSettingError(f"not in the environment: {', '.join(absent)}")
    if not re.fullmatch(IPV4_PATTERN, environment["POD_IP"]):
        raise MissingSettingError(f"POD_IP is not an IPv4 address: {environment['POD_IP']}")
    file = paths.at(names.CONFIG_DIR) / "agent.json"
    try:
        config = AgentConfig.model_validate_json(file.read_bytes())
    except (OSError, ValueError) as error:
        raise MissingSettingError(f"{file}: {error}") from error
    return Settings(
        namespace=config.namespace,
        pool=config.pool,
        server=config.server,
        hostname=config.hostname,
        metrics_port=config.metrics_port,
        pod_uid=environment["POD_UID"],
        pod_ip=environment["POD_IP"],
        paths=paths,
        bind_address=config.bind_address,
    )
