"""What every egress provider answers; the only thing that callers may know about one.

A provider decides nothing about lanes: whether mail may leave is the egress check's word, for all providers alike.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from smtppool.api.documents import EgressRule
from smtppool.api.smtpserver import Egress, EgressProviderName


class Placement(StrEnum):
    """How a relay pod depends on the node that holds its egress address (`Egress.source`)."""

    ANYWHERE = "Anywhere"  # the scheduler decides
    WHERE_HELD = "WhereHeld"  # no pod until a node reports the address; then pinned to that node
    WHERE_HELD_IF_KNOWN = "WhereHeldIfKnown"  # the same, but the scheduler decides where no node reports at all


@dataclass(frozen=True, kw_only=True)
class PodNetwork:
    """The parts of a relay's pod template and of main.cf that the provider decides."""

    host_network: bool = False  # pod spec: hostNetwork
    dns_policy: str = "ClusterFirst"  # pod spec: dnsPolicy, where the user gave no resolvers
    bind_address: str | None = None  # main.cf: smtp_bind_address, always with smtp_bind_address_enforce=yes


class EgressProvider(Protocol):
    """One way to attach an egress address."""

    @property
    def name(self) -> EgressProviderName:
        """The value of `egress.provider`."""

    @property
    def placement(self) -> Placement:
        """Whether control has to find the node that holds the address before the pod is placed."""

    def pod_network(self, egress: Egress) -> PodNetwork:
        """Network parts of the pod template."""

    def node_rule(self, egress: Egress, *, pod_address: str, held: bool) -> EgressRule | None:
        """The rule for the node that the pod runs on; None where the node has nothing to do.

        `held`: that node reports `egress.source` as its own. Without it the rule holds port 25 back.
        """
