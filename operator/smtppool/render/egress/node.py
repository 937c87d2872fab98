"""Egress `node`: the node that holds the address translates the pod's traffic to it (nftables, by the node program)."""

from smtppool.api.documents import EgressRule
from smtppool.api.smtpserver import Egress, EgressProviderName
from smtppool.render.egress.interface import Placement, PodNetwork


class Node:
    """Source translation on the node; a relay without a translation cannot reach port 25 at all."""

    name = EgressProviderName.NODE
    placement = Placement.WHERE_HELD

    def pod_network(self, egress: Egress) -> PodNetwork:  # noqa: ARG002 - the interface's signature
        """An ordinary pod: it never sees the egress address."""
        return PodNetwork()

    def node_rule(self, egress: Egress, *, pod_address: str, held: bool) -> EgressRule | None:
        """Translate where the address is held, hold port 25 back where it is not."""
        return EgressRule(pod_address=pod_address, source=egress.source if held else None)
