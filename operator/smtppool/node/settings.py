"""Where the program runs, from the environment that the DaemonSet sets."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

HEALTH_PORT = 9155
STATE_DIR = Path("/var/lib/smtppool-egress")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The node, the operator's namespace, the port of the probes on 127.0.0.1, and where the last order is kept."""

    node: str
    namespace: str
    health_port: int = HEALTH_PORT
    state_dir: Path = STATE_DIR

    @classmethod
    def from_environment(cls) -> Self:
        """KeyError names the variable that is missing."""
        return cls(
            node=os.environ["NODE_NAME"],
            namespace=os.environ["POD_NAMESPACE"],
            health_port=int(os.environ.get("HEALTH_PORT", HEALTH_PORT)),
            state_dir=state_dir(),
        )


def state_dir() -> Path:
    """A directory of the node's own; all that `remove` needs to know."""
    return Path(os.environ.get("STATE_DIR", STATE_DIR))
