"""The network with the node program, a listener and a client in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
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
    state_dir: Path


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One for all tests of a module: each states its own order first."""
    with staged(tmp_path_factory.mktemp("state")) as scene:
        yield scene


@pytest.fixture
def own_scene(tmp_path: Path) -> Iterator[Scene]:
    """For a test that ends the node program."""
    with staged(tmp_path) as scene:
        yield scene


@contextmanager
def staged(state_dir: Path) -> Iterator[Scene]:
    """The network, the node program in it, a pod's client, the internet's listener."""
    with (
        netns.network() as network,
        internet(network.internet, *PORTS) as listener,
        visitor(network.pod) as pod,
        node_program(network.node, state_dir) as program,
    ):
        yield Scene(network, program, pod, listener, state_dir)
