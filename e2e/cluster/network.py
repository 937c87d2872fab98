"""The pod network where no kindnetd can be had: one bridge per node, routes between nodes, one masquerade rule.

Routes and rules are gone when a node restarts, so `lay` may be called at any time. The masquerade has the priority that
every CNI uses (100): egress rules of the product come before it.
"""

import json
from collections.abc import Iterable

from e2e.cluster.kind import POD_RANGE
from e2e.cluster.nodes import Node, Nodes

CONFIGURATION = "/etc/cni/net.d/10-bridge.conflist"
WRITE = f"cat > {CONFIGURATION}.new && mv {CONFIGURATION}.new {CONFIGURATION}"
MASQUERADE = f"""
add table ip podmasq
delete table ip podmasq
table ip podmasq {{
  chain post {{
    type nat hook postrouting priority 100;
    ip saddr {POD_RANGE} ip daddr != {POD_RANGE} masquerade
  }}
}}
"""


def lay(nodes: Nodes) -> None:
    """Give every node its part of the pod network."""
    everyone = nodes.with_pod_ranges()
    for node in everyone:
        nodes.execute(node.name, "nft", "--file", "-", stdin=MASQUERADE)
        nodes.execute(node.name, "ip", "-batch", "-", stdin=routes(node, everyone))
        nodes.execute(node.name, "sh", "-c", WRITE, stdin=json.dumps(bridge(node.pod_range)))


def routes(node: Node, everyone: Iterable[Node]) -> str:
    """`ip -batch` lines: the other nodes' pods are behind the other nodes' addresses."""
    others = (other for other in everyone if other.name != node.name)
    return "".join(f"route replace {other.pod_range} via {other.address}\n" for other in others)


def bridge(pod_range: str) -> dict[str, object]:
    """A CNI configuration for one node's range; hairpin lets a pod reach itself through its Service."""
    addresses = {"type": "host-local", "ranges": [[{"subnet": pod_range}]], "routes": [{"dst": "0.0.0.0/0"}]}
    link = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": addresses,
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "1.0.0", "name": "pod", "plugins": [link, ports]}
