"""Pools as a user would write them, for the simulated internet."""

from dataclasses import dataclass, field
from typing import Any

from smtppool.api.base import API_VERSION

POD_NETWORK = "10.244.0.0/16"
ECHO = "smtp://203.0.113.25:25"


@dataclass(frozen=True, kw_only=True)
class ServerPlan:
    """One member: its name is also the first label of its host name."""

    name: str
    address: str
    weight: int = 100
    provider: str = "node"
    warmup: str = "Warm"

    @property
    def hostname(self) -> str:
        """HELO name."""
        return f"{self.name}.example.com"

    def manifest(self, *, namespace: str, pool: str) -> dict[str, Any]:
        """The SmtpServer."""
        return {
            "apiVersion": API_VERSION,
            "kind": "SmtpServer",
            "metadata": {"name": self.name, "namespace": namespace},
            "spec": {
                "poolRef": {"name": pool},
                "relay": {
                    "hostname": self.hostname,
                    "egress": {"address": self.address, "provider": self.provider},
                },
                "weight": self.weight,
                "warmup": {"mode": self.warmup},
            },
        }


@dataclass(frozen=True, kw_only=True)
class PoolPlan:
    """A pool and its members."""

    name: str
    namespace: str
    servers: tuple[ServerPlan, ...]
    spec: dict[str, Any] = field(default_factory=dict)

    def manifests(self) -> list[dict[str, Any]]:
        """The SmtpPool, then its SmtpServers."""
        return [self.pool(), *(s.manifest(namespace=self.namespace, pool=self.name) for s in self.servers)]

    def pool(self) -> dict[str, Any]:
        """The SmtpPool alone."""
        spec = {
            "submission": {"allowedNetworks": [POD_NETWORK]},
            "entry": {"replicas": 3},
            "egressCheck": {"endpoint": ECHO, "interval": "5s"},
            "queue": {"size": "1Gi"},
            "availability": {"minAvailable": 1},
        }
        return {
            "apiVersion": API_VERSION,
            "kind": "SmtpPool",
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": spec | self.spec,
        }

    @property
    def addresses(self) -> dict[str, str]:
        """Egress address by server name."""
        return {s.name: s.address for s in self.servers}

    @property
    def shares(self) -> dict[str, float]:
        """Stated share of each address, by base weight."""
        total = sum(s.weight for s in self.servers)
        return {s.address: s.weight / total for s in self.servers}
