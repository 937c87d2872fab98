"""One network for each test, with a listener and two clients in it."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.contract.node import netns
from tests.contract.node.programs import Conversation, NodeConversation, internet, node_program, visitor

PORTS = (25, 80)


class Scene(NamedTuple):
    """What a test needs at hand."""

    network: netns.Network
    program: NodeConversation
    pod: Conversation
    internet: Conversation


@pytest.fixture
def scene() -> Iterator[Scene]:
    """The network, the node program in it, a pod's client, the internet's listener."""
    with (
        netns.network() as network,
        internet(network.internet, *PORTS) as listener,
        visitor(network.pod) as pod,
        node_program(network.node) as program,
    ):
        yield Scene(network, program, pod, listener)
