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


def provider_in_use(relay: Relay, *, label: str | None) -> EgressProvider:
    """The one that a running pod was made for, by its EGRESS label: a change in the spec is for the next pod."""
    return next((provider for provider in _ALL if provider.name.value == label), egress_provider(relay))
