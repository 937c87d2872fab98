"""Pod addresses that the order no longer names: their port 25 stays shut for a while.

A pod that was deleted by force is gone from the API, and so from the order, before the kubelet has killed it. What it
sends in that moment would leave by the node's own address.
"""

import time
from collections.abc import Callable, Iterable
from typing import Final

from smtppool.api.documents import MAX_RULES, EgressRule, NodeEgress

SHUT_SECONDS: Final = 120.0  # the kubelet kills within seconds, also when the node is busy


class Departed:
    """Since when each address is named no longer. What the kernel holds is the memory, so a restart loses none."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: dict[str, float] = {}

    def shut(self, egress: NodeEgress, *, current: Iterable[EgressRule]) -> NodeEgress:
        """The order, and a rule without a source for each address in `current`, the table's rules, that it omits."""
        named, now = {rule.pod_address for rule in egress.rules}, self._clock()
        omitted = {rule.pod_address for rule in current} - named
        self._since = {address: self._since.get(address, now) for address in sorted(omitted)}
        room = MAX_RULES - len(egress.rules)
        held = [address for address, since in self._since.items() if now - since < SHUT_SECONDS][:room]
        return egress.model_copy(update={"rules": (*egress.rules, *(EgressRule(pod_address=one) for one in held))})
