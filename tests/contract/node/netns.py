"""A pod, a second pod, a node and an internet, each a network namespace held by a process that ends with the test.

The node forwards, has a CNI's masquerade at priority 100, and holds two egress addresses on its uplink. Without root
the namespaces live in a user namespace; where that is forbidden, the first command fails and says so.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

POD, PEER, NODE, PROVIDER = "10.77.0.2", "10.77.0.3", "192.0.2.1", "203.0.113.5"
EGRESS, OTHER_EGRESS = "198.51.100.11", "198.51.100.12"
POD_NETWORK = "10.77.0.0/24"
LIFETIME = "600"  # seconds; the namespaces are gone then, whatever happened to the test

_MASQUERADE = f"""
table ip cni {{ chain postrouting {{ type nat hook postrouting priority 100;
ip saddr {POD_NETWORK} ip daddr != {POD_NETWORK} masquerade; }}; }}
"""


@dataclass(frozen=True)
class Namespace:
    """One network namespace, named by the process that holds it."""

    holder: int

    def command(self, *argv: str) -> list[str]:
        """argv as it runs inside."""
        user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        return ["nsenter", f"--target={self.holder}", "--net", *user, *argv]

    def run(self, *argv: str, stdin: str = "") -> str:
        """Standard output; an error of the command fails the test with its words."""
        done = subprocess.run(self.command(*argv), input=stdin, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 0, f"{' '.join(argv)}: {done.stderr}"
        return done.stdout

    def shell(self, script: str) -> str:
        """Several commands, the first failure ends them."""
        return self.run("sh", "-euc", script)


@dataclass(frozen=True)
class Network:
    """The four namespaces."""

    pod: Namespace
    peer: Namespace
    node: Namespace
    internet: Namespace


@contextmanager
def network() -> Iterator[Network]:
    """The network, wired up; gone at the end."""
    with ExitStack() as stack:
        node = stack.enter_context(_held(["unshare", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]))
        pod, peer, internet = (stack.enter_context(_held(node.command("unshare"))) for _ in range(3))
        _wire(node, bridge_pods={pod: POD, peer: PEER}, internet=internet)
        yield Network(pod, peer, node, internet)


@contextmanager
def _held(unshare: list[str]) -> Iterator[Namespace]:
    """`cat` says when it is inside, and lives until its input closes."""
    script = f"echo in; exec timeout {LIFETIME} cat"
    holder = subprocess.Popen(
        [*unshare, "--net", "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "in\n", f"no namespace by {' '.join(unshare)}: see the error above"
        try:
            yield Namespace(holder.pid)
        finally:
            holder.kill()


def _wire(node: Namespace, *, bridge_pods: dict[Namespace, str], internet: Namespace) -> None:
    node.shell(
        "ip link set lo up; ip link add br0 type bridge; ip addr add 10.77.0.1/24 dev br0; ip link set br0 up;"
        f"ip link add up0 type veth peer name eth0 netns {internet.holder}; ip addr add {NODE}/24 dev up0;"
        f"ip addr add {EGRESS}/32 dev up0; ip addr add {OTHER_EGRESS}/32 dev up0; ip link set up0 up;"
        f"ip route add 203.0.113.0/24 via 192.0.2.2; echo 1 > /proc/sys/net/ipv4/ip_forward"
    )
    for number, (pod, address) in enumerate(bridge_pods.items()):
        node.shell(
            f"ip link add pod{number} type veth peer name eth0 netns {pod.holder};ip link set pod{number} master br0 up"
        )
        pod.shell(
            f"ip link set lo up; ip addr add {address}/24 dev eth0; ip link set eth0 up;"
            "ip route add default via 10.77.0.1"
        )
    internet.shell(
        f"ip link set lo up; ip addr add 192.0.2.2/24 dev eth0; ip link set eth0 up; ip addr add {PROVIDER}/32 dev lo;"
        f"ip route add 198.51.100.0/24 via {NODE}"
    )
    node.run("nft", "-f", "-", stdin=_MASQUERADE)
