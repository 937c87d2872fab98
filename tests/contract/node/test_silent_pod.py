"""A pod that drops packets, behind an address that the node translates as kube-proxy does for a Service."""

import pytest

from smtppool.api.documents import NodeEgress
from tests.contract.node.conftest import Scene
from tests.contract.node.netns import PROVIDER
from tests.contract.node.stdio_bus import NODE_NAME

SERVICE = "10.96.0.25"
SILENT = "10.77.0.99"  # nobody has this address
FIRST, SECOND = (f"from {port} {SERVICE} 25" for port in (41025, 41026))  # ports that the client uses again
LOST = "failed timed out"


def lead(scene: Scene, endpoint: str) -> None:
    """New connections to the Service go to this endpoint, as kube-proxy's rules have it."""
    chain = f"chain services {{ type nat hook prerouting priority -100; ip daddr {SERVICE} dnat to {endpoint}; }};"
    rules = ("table ip proxy {}", "delete table ip proxy", f"table ip proxy {{ {chain} }}")
    scene.network.node.run("nft", "-f", "-", stdin="\n".join(rules))


def order(scene: Scene, *silent: str) -> None:
    scene.program.order(NodeEgress(node=NODE_NAME, silent=silent))


@pytest.fixture
def silent_pod(scene: Scene) -> None:
    """Packets for it leave the node, nobody takes them, and nobody says so. No order names it yet."""
    scene.network.node.run("ip", "neighbour", "replace", SILENT, "lladdr", "02:00:00:00:00:99", "dev", "br0")
    scene.network.node.shell("conntrack -F 2>/dev/null")
    order(scene)
    lead(scene, SILENT)


@pytest.mark.usefixtures("silent_pod")
def test_a_port_that_was_used_for_a_silent_pod_is_led_anew(scene: Scene) -> None:
    assert scene.pod.ask(f"{FIRST} 0.5") == LOST
    lead(scene, PROVIDER)
    assert scene.pod.ask(f"{FIRST} 0.5") == LOST, "the kernel remembers"
    order(scene, SILENT)
    assert not scene.pod.ask(f"{FIRST} 5").startswith("failed")


@pytest.mark.usefixtures("silent_pod")
def test_who_still_waits_is_led_anew(scene: Scene) -> None:
    """The first packet was lost; the client sends the next one after a second."""
    scene.pod.tell(f"{SECOND} 5")
    waits = f"conntrack -L -p tcp --state SYN_SENT -r {SILENT} 2>/dev/null | grep -q ."
    scene.network.node.shell(f"until {waits}; do sleep 0.05; done")
    lead(scene, PROVIDER)
    order(scene, SILENT)
    assert not scene.pod.hear().startswith("failed")


def test_an_open_connection_is_left_alone(scene: Scene) -> None:
    order(scene)
    assert not scene.pod.ask(f"hold {PROVIDER} 25").startswith("failed")
    order(scene, PROVIDER)
    order(scene, PROVIDER, SILENT)
    assert scene.pod.ask("say") == "echoed"
