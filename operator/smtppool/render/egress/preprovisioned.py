"""Egress `preprovisioned`: the network outside the cluster's control gives the pod its address; we only verify it."""

from smtppool.api.documents import EgressRule
from smtppool.api.smtpserver import Egress, EgressProviderName
from smtppool.render.egress.interface import Placement, PodNetwork


class Preprovisioned:
    """A cloud NAT, a node's public address, a routable pod address: nothing is written."""

    name = EgressProviderName.PREPROVISIONED
    placement = Placement.ANYWHERE

    def pod_network(self, egress: Egress) -> PodNetwork:  # noqa: ARG002 - the interface's signature
        """An ordinary pod."""
        return PodNetwork()

    def node_rule(self, egress: Egress, *, pod_address: str, held: bool) -> EgressRule | None:  # noqa: ARG002
        """Nothing to do on nodes."""
        return None
