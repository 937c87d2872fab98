"""Pools as a user would write them, for the simulated internet."""

from dataclasses import dataclass, field
from typing import Any

from e2e.stand.ground import ground
from smtppool.api.base import API_VERSION

POD_NETWORK = ground().client_network


@dataclass(frozen=True, kw_only=True)
class ServerPlan:
    """One member; on a cluster that is not ours its provider and its host name are other ones (`ground.py`)."""

    name: str
    address: str
    weight: int = 100
    provider: str = "node"
    warmup: str = "Warm"

    @property
    def hostname(self) -> str:
        """HELO name."""
        return ground().hostname(self.name, self.address)

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
                    "egress": {"address": self.address, "provider": ground().provider(self.provider)},
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
            "egressCheck": dict(ground().egress_check),
            "queue": {"size": "1Gi"},
            "availability": {"minAvailable": 1},
        }
        pod = ground().pod() | self.spec.get("pod", {})
        return {
            "apiVersion": API_VERSION,
            "kind": "SmtpPool",
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": spec | self.spec | ({"pod": pod} if pod else {}),
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
