"""What pools must state on this cluster. Only the cluster of our own lets a relay have an address of its own.

With CLUSTER=current nobody knows beforehand which address mail leaves by, and a new pod may have another one. So there
the egress check is off, the stated addresses are names and no more, and sinks tell relays apart by HELO.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from e2e.cluster.current import pod_network
from e2e.cluster.settings import from_environment
from e2e.mailnet.client import ACCEPTED, Mailnet, Provider, Selection, Source
from e2e.mailnet.events import Event
from e2e.mailnet.providers import EGRESS_PREFIX
from e2e.mailnet.zones import egress_name
from e2e.stand.kubectl import kubectl

SILENT = "smtp://203.0.113.99:25"  # an egress check that never answers: nobody has that address
OWN_POD_NETWORK = "10.244.0.0/16"
ECHO = "smtp://203.0.113.25:25"
_ADDRESSES = {egress_name(n): f"{EGRESS_PREFIX}.{n}" for n in range(1, 255)}


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The cluster as pools see it."""

    node_addresses: bool  # whether nodes can hold egress addresses of ours
    client_network: str
    egress_check: Mapping[str, Any]

    def provider(self, wanted: str) -> str:
        """The egress provider that a server gets instead of the one that its plan names."""
        return wanted if self.node_addresses else "preprovisioned"

    def hostname(self, name: str, address: str) -> str:
        """HELO name of a server; on a cluster that is not ours, the name that belongs to its stated address."""
        return f"{name}.example.com" if self.node_addresses else egress_name(int(address.rpartition(".")[2]))

    def pod(self) -> dict[str, Any]:
        """`spec.pod` of a pool: resolvers, where the cluster's own do not know the simulated internet."""
        return {} if self.node_addresses else {"dnsConfig": {"nameservers": [mailnet_service()]}}


@cache
def ground() -> Ground:
    """The ground of this process, by its environment."""
    if from_environment().current:
        return Ground(node_addresses=False, client_network=pod_network(), egress_check={"mode": "Off"})
    check = {"endpoint": ECHO, "interval": "5s"}
    return Ground(node_addresses=True, client_network=OWN_POD_NETWORK, egress_check=check)


def require_own_cluster(what: str) -> None:
    """SystemExit on a cluster of the user's: what counts source addresses shows nothing there, and stays behind."""
    if not ground().node_addresses:
        raise SystemExit(f"{what} needs the project's own cluster: unset CLUSTER (CLUSTER=current is for `make e2e`)")


@cache
def mailnet_service() -> str:
    """The address of the simulated internet's Service; KubectlError if `python -m e2e.cluster up` has not made it."""
    return kubectl("get", "service", "mailnet", "-n", "mailnet", "-o", "jsonpath={.spec.clusterIP}")


class MailnetByName(Mailnet):
    """Counts mail under the address that belongs to the HELO name of the relay that brought it."""

    def counts_by_source_and_provider(self, selection: Selection = ACCEPTED) -> dict[Source, dict[Provider, int]]:
        """By stated address; a client of any other name stands under that name, so that it is no stated one."""
        table: dict[Source, dict[Provider, int]] = {}
        for (helo, provider), count in self.counts(("helo", "provider"), selection).groups.items():
            table.setdefault(_stated(helo), {})[Provider(provider)] = count
        return table

    def origin(self, event: Event) -> Source:
        """The same for one event."""
        return _stated(event.helo)


def _stated(helo: str) -> Source:
    return Source(_ADDRESSES.get(helo, helo))
