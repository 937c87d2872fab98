"""Egress `hostNetwork`: the pod shares the node's network and Postfix binds to the address.

Ports are the node's then, so one such relay fits on a node: the scheduler sees the port conflict of a second one.
"""

from smtppool.api.documents import EgressRule
from smtppool.api.smtpserver import Egress, EgressProviderName
from smtppool.render.egress.interface import Placement, PodNetwork


class HostNetwork:
    """Bound, not translated; an address that the node lost stops the mail (`smtp_bind_address_enforce`)."""

    name = EgressProviderName.HOST_NETWORK
    placement = Placement.WHERE_HELD_IF_KNOWN

    def pod_network(self, egress: Egress) -> PodNetwork:
        """The node's network, cluster DNS, Postfix bound to the address that the node holds."""
        return PodNetwork(host_network=True, dns_policy="ClusterFirstWithHostNet", bind_address=egress.source)

    def node_rule(self, egress: Egress, *, pod_address: str, held: bool) -> EgressRule | None:  # noqa: ARG002
        """Nothing to translate."""
        return None
