"""An agent's settings."""

from pathlib import Path

from smtppool.agent.settings import Paths, Settings
from smtppool.api import names

POD_UID, POD_ADDRESS = "pod", "10.244.1.5"


def own_settings(root: Path, *, uid: str = POD_UID, address: str = POD_ADDRESS) -> Settings:
    """Of the relay mx1, whose files are below `root`."""
    return Settings(
        namespace="mail",
        pool="pool",
        server="mx1",
        hostname="mx1.example.com",
        metrics_port=names.AGENT_PORT,
        pod_uid=uid,
        pod_ip=address,
        paths=Paths(root=root),
    )
