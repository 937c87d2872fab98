"""The gate's worker: serves all sockets from one event loop until it is told to stop."""

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from smtppool.api.names import BUSY_SOCKET, GATE_CONTROL_SOCKET, GATE_TABLE, POLICY_SOCKET, SOCKETMAP_SOCKET
from smtppool.gate.busy import BusySession
from smtppool.gate.connections import control, policy, socketmap
from smtppool.gate.service import Gate

Factory = Callable[[], asyncio.Protocol]


def main(sockets: Mapping[str, socket.socket]) -> None:
    """Read the table, serve, return after SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="gate: %(levelname)s %(message)s")
    gate = Gate(Path(GATE_TABLE))
    gate.reload()
    gc.freeze()
    asyncio.run(serve(gate, sockets))


async def serve(gate: Gate, sockets: Mapping[str, socket.socket]) -> None:
    """Answer on every socket until SIGTERM."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    # Not create_unix_server: that removes the path on close, and the supervisor's socket must outlive a worker.
    servers = [await loop.create_server(factories(gate)[path], sock=listener) for path, listener in sockets.items()]
    await stopped.wait()
    for server in servers:
        server.close()


def factories(gate: Gate) -> dict[str, Factory]:
    """Who answers on which path."""
    return {
        POLICY_SOCKET: partial(policy, gate),
        SOCKETMAP_SOCKET: partial(socketmap, gate),
        BUSY_SOCKET: BusySession,
        GATE_CONTROL_SOCKET: partial(control, gate),
    }
