"""On which node a relay must run: the one that holds its egress address.

Only node reports say who holds an address. No node holds it: the relay keeps the node that it has, and gets no pod
before one does. Where no node reports at all, an egress provider that can do without (not `required`) leaves the
scheduler to decide. A pod placed before the nodes have answered would only be replaced a moment later. A relay without
a running pod does not go back to a cordoned node if another one holds its address.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from smtppool.policy.verdict import Verdict


class Placement(NamedTuple):
    """`node` None: any node will do (`ready`), or none is known (not `ready`)."""

    ready: bool
    node: str | None
    verdict: Verdict


ANYWHERE = Placement(ready=True, node=None, verdict=Verdict("True", "Anywhere", "the address needs no node"))


def place(
    *,
    source: str,
    required: bool,
    held: Mapping[str, frozenset[str]],
    current: str | None,
    elsewhere: Sequence[str] = (),
) -> Placement:
    """`held`: addresses by node, as reported; `current`: the node in the pod template now; `elsewhere`: better ones."""
    if elsewhere:
        node = elsewhere[0]
        return Placement(ready=True, node=node, verdict=Verdict("True", "Placed", f"{node} holds {source}"))
    holding = sorted(node for node, addresses in held.items() if source in addresses)
    if current in holding:
        return Placement(ready=True, node=current, verdict=Verdict("True", "Placed", f"{current} holds {source}"))
    if holding:
        return Placement(ready=True, node=holding[0], verdict=Verdict("True", "Placed", f"{holding[0]} holds {source}"))
    if not required and not held:
        return Placement(ready=True, node=current, verdict=ANYWHERE.verdict)
    known = f"{len(held)} nodes report" if held else "no node reports: is the egress DaemonSet installed?"
    message = f"no node holds {source} ({known}): add the address to an interface of a node"
    return Placement(ready=current is not None, node=current, verdict=Verdict("False", "NodeWithoutAddress", message))
