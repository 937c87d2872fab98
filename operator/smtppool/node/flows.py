"""Ends flows of relay pods that carry another source address than their rule says.

The table already drops such packets on port 25. A deleted conntrack entry lets the pod's next packet be judged by the
rules of now, on every port, so that a flow ends at once and not by its timeout.
"""

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Final, NamedTuple

from smtppool.api.documents import EgressRule, NodeEgress
from smtppool.node.command import run

_FIELD: Final = re.compile(r"\b(src|dst)=([0-9.]+)")
_NONE_MATCHED: Final = frozenset({0, 1})  # conntrack deletes nothing and exits with 1 when no entry matched


class Flow(NamedTuple):
    """Flows of a pod to one destination under one translated address."""

    pod: str
    destination: str
    translated: str


def changed_pods(before: Iterable[EgressRule], after: Iterable[EgressRule]) -> dict[str, str | None]:
    """Pod address -> source that its flows must have now (None: no flow may be translated)."""
    old = {rule.pod_address: rule.source for rule in before}
    new = {rule.pod_address: rule.source for rule in after}
    return {pod: new.get(pod) for pod in sorted(old.keys() | new.keys()) if old.get(pod, "") != new.get(pod, "")}


def stale_flows(listing: str, *, pod: str, source: str | None, cluster: Iterable[str]) -> Iterator[Flow]:
    """Flows out of the cluster in a `conntrack -L` listing whose translated address is not `source`."""
    networks = [IPv4Network(network) for network in cluster]
    for flow in sorted({found for line in listing.splitlines() if (found := _flow(line, pod=pod))}):
        inside = any(IPv4Address(flow.destination) in network for network in networks)
        if not inside and flow.translated != source:
            yield flow


def _flow(line: str, *, pod: str) -> Flow | None:
    """`src=POD dst=D ... src=PEER dst=TRANSLATED ...`; PEER is where a Service address really led."""
    match _FIELD.findall(line):
        case [("src", source), ("dst", _), ("src", peer), ("dst", translated), *_] if source == pod:
            return Flow(pod, peer, translated)
        case _:
            return None


async def end_stale_flows(egress: NodeEgress, *, before: Iterable[EgressRule], after: Iterable[EgressRule]) -> int:
    """Deletes the stale entries of all pods whose rule changed; returns how many kinds of flow were ended."""
    ended = 0
    for pod, source in changed_pods(before, after).items():
        listing = await conntrack("-L", "-s", pod)
        for flow in stale_flows(listing, pod=pod, source=source, cluster=egress.cluster_networks):
            await conntrack("-D", "-s", flow.pod, "-r", flow.destination, "-q", flow.translated)
            ended += 1
    return ended


async def conntrack(action: str, *which: str) -> str:
    """`-L` or `-D` of the IPv4 entries that match; that none does is fine."""
    return await run("conntrack", action, "-f", "ipv4", *which, accept=_NONE_MATCHED)
