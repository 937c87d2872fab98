"""A gate that answers at its control socket, by its own code, and an agent's settings to go with it."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smtppool.agent.settings import Paths, Settings
from smtppool.api import names
from smtppool.api.documents import EgressCheckOrder, Grant, Lanes, Routing, SubmissionRule
from smtppool.gate import worker
from smtppool.gate.service import Gate
from tests.unit.agent.own import POD_ADDRESS, POD_UID, own_settings

POD = {"pod_uid": POD_UID, "pod_address": POD_ADDRESS}


@contextmanager
def short_settings() -> Iterator[Settings]:
    """A directory whose sockets fit into the 107 bytes of a unix socket's name."""
    root = Path(tempfile.mkdtemp(prefix="gate-"))
    paths = Paths(root=root)
    paths.at(names.RUN_DIR).mkdir(parents=True)
    yield own_settings(root)
    shutil.rmtree(root)


async def started(paths: Paths, *, uptime: float) -> asyncio.Server:
    """A gate that has been up for so many seconds."""
    program = Gate(paths.at(names.GATE_TABLE))
    program.started -= uptime
    program.reload()
    return await served(program, paths)


async def served(program: Gate, paths: Paths) -> asyncio.Server:
    factory = worker.factories(program)[names.GATE_CONTROL_SOCKET]
    path = str(paths.at(names.GATE_CONTROL_SOCKET))
    return await asyncio.get_running_loop().create_unix_server(factory, path)


def grant(lanes: Lanes = Lanes.OPEN, *excluded: str) -> Grant:
    """For this pod."""
    return Grant(server="mx1", lanes=lanes, excluded=excluded, egress_check=EgressCheckOrder(), **POD)


ROUTING = Routing(pool="pool", submission=SubmissionRule(max_message_size=1, max_recipients=1))
