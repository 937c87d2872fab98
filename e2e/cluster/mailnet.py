"""The simulated internet beside the cluster: a container whose loopback holds the mailbox providers' addresses.

Nodes reach it by a route; it reaches an egress address by a route through the node that holds it, so its sinks see the
true source address. The kernel's own tables are the only record: a restarted node or container is set right from them.
"""

import json
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from e2e.cluster.engine import Engine, container_address, docker, exists
from e2e.cluster.errors import ClusterError
from e2e.cluster.nodes import Nodes
from e2e.cluster.settings import Settings
from e2e.cluster.shell import Input

PROVIDERS = IPv4Network("203.0.113.0/24")
DNS = IPv4Address("203.0.113.53")
EGRESS = IPv4Network("198.51.100.0/24")
NETWORK = "kind"
INTERFACE = "eth0"


class NotAnEgressAddressError(ClusterError):
    """An address outside the range that is routed back to the nodes."""


@dataclass(frozen=True, kw_only=True)
class Mailnet:
    """The container of one cluster, and the routes between it and the nodes."""

    engine: Engine
    settings: Settings
    nodes: Nodes

    def up(self, image: str) -> None:
        """Run it from this image, anew if it runs from another one, and set all routes."""
        if not self._runs(image):
            self.down()
            name = self.settings.mailnet
            options = ("--detach", "--name", name, "--hostname", name, "--network", NETWORK, "--cap-add", "NET_ADMIN")
            docker(self.engine, "run", *options, image)
        self.execute("ip", "route", "replace", "unreachable", str(EGRESS))
        for node in self.nodes.every():
            self.connect(node.name)
            for address in self._held_by(node.name):
                self._route(address, node.address)

    def down(self) -> None:
        docker(self.engine, "rm", "--force", "--volumes", self.settings.mailnet)

    def execute(self, *argv: str, stdin: Input = None, timeout: float = 60) -> str:
        """Output of a command in the container, as root."""
        interactive = ("--interactive",) if stdin is not None else ()
        words = ("exec", "--user", "0", *interactive, self.settings.mailnet, *argv)
        return docker(self.engine, *words, stdin=stdin, timeout=timeout)

    def connect(self, node: str) -> None:
        """Give a node its route to the providers."""
        gateway = container_address(self.engine, self.settings.mailnet)
        self.nodes.execute(node, "ip", "route", "replace", str(PROVIDERS), "via", gateway)

    def add_egress(self, node: str, address: str) -> None:
        """Put an egress address on a node and route it there; a node that had it before must give it up itself."""
        checked = _egress_address(address)
        self.nodes.execute(node, "ip", "address", "replace", f"{checked}/32", "dev", INTERFACE)
        self._route(str(checked), container_address(self.engine, node))

    def delete_egress(self, node: str, address: str) -> None:
        """Take an egress address from a node, and its route if that still leads there; gone already is fine."""
        checked = _egress_address(address)
        if str(checked) in self._held_by(node):
            self.nodes.execute(node, "ip", "address", "delete", f"{checked}/32", "dev", INTERFACE)
        if str(checked) in self.routed_to(node):
            self.execute("ip", "route", "delete", f"{checked}/32")

    def routed_to(self, node: str) -> list[str]:
        """The egress addresses whose route leads to this node."""
        gateway = container_address(self.engine, node)
        routes = json.loads(self.execute("ip", "-json", "route", "show", "root", str(EGRESS)))
        return [route["dst"] for route in routes if route.get("gateway") == gateway]

    def _held_by(self, node: str) -> list[str]:
        shown = self.nodes.execute(node, "ip", "-4", "-oneline", "address", "show", "dev", INTERFACE)
        return [found for found in re.findall(r"inet ([\d.]+)/", shown) if IPv4Address(found) in EGRESS]

    def _route(self, address: str, gateway: str) -> None:
        self.execute("ip", "route", "replace", f"{address}/32", "via", gateway)

    def _runs(self, image: str) -> bool:
        name = self.settings.mailnet
        if not exists(self.engine, "container", name):
            return False
        shown = docker(self.engine, "container", "inspect", "--format", "{{.State.Running}} {{.Config.Image}}", name)
        return shown.split() == ["true", image]


def _egress_address(text: str) -> IPv4Address:
    address = IPv4Address(text)
    if address not in EGRESS:
        raise NotAnEgressAddressError(f"{address} is not in {EGRESS}")
    return address
