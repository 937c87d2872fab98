"""Which egress provider serves a relay. A new provider is one file and one line here."""

from collections.abc import Mapping
from types import MappingProxyType

from smtppool.api.smtpserver import EgressProviderName, Relay
from smtppool.render.egress.host_network import HostNetwork
from smtppool.render.egress.interface import EgressProvider
from smtppool.render.egress.node import Node
from smtppool.render.egress.preprovisioned import Preprovisioned

_ALL: tuple[EgressProvider, ...] = (Preprovisioned(), Node(), HostNetwork())

EGRESS_PROVIDERS: Mapping[EgressProviderName, EgressProvider] = MappingProxyType(
    {provider.name: provider for provider in _ALL}
)


def egress_provider(relay: Relay) -> EgressProvider:
    """The provider that the relay names. Smarthost servers have no relay and no egress provider."""
    return EGRESS_PROVIDERS[relay.egress.provider]
