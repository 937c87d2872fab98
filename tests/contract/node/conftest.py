"""The network with the node program, a listener and a client in it."""

from collections.abc import Iterator
from contextlib import contextmanager
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


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """One for all tests of a module: each states its own order first."""
    with staged() as scene:
        yield scene


@pytest.fixture
def own_scene() -> Iterator[Scene]:
    """For a test that ends the node program."""
    with staged() as scene:
        yield scene


@contextmanager
def staged() -> Iterator[Scene]:
    """The network, the node program in it, a pod's client, the internet's listener."""
    with (
        netns.network() as network,
        internet(network.internet, *PORTS) as listener,
        visitor(network.pod) as pod,
        node_program(network.node) as program,
    ):
        yield Scene(network, program, pod, listener)
