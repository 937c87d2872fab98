"""Where the program runs, from the environment that the DaemonSet sets."""

import os
from dataclasses import dataclass
from typing import Self

HEALTH_PORT = 9155


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The node, the operator's namespace, and the port of the probes on 127.0.0.1."""

    node: str
    namespace: str
    health_port: int = HEALTH_PORT

    @classmethod
    def from_environment(cls) -> Self:
        """KeyError names the variable that is missing."""
        return cls(
            node=os.environ["NODE_NAME"],
            namespace=os.environ["POD_NAMESPACE"],
            health_port=int(os.environ.get("HEALTH_PORT", HEALTH_PORT)),
        )
