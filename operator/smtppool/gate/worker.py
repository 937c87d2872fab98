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
HUNG_AFTER = 30  # seconds; the agent has closed the relay long before, this only brings the gate back


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
    watched = asyncio.create_task(stay_awake())
    await stopped.wait()
    watched.cancel()
    for server in servers:
        server.close()


async def stay_awake(*, hung_after: int = HUNG_AFTER) -> None:
    """Put off the kernel's alarm as long as the event loop turns; a loop that hangs ends with its process.

    The supervisor starts the next worker. A probe of the kubelet would have to start a program in the container for
    each look, which costs more time than the gate itself.
    """
    try:
        while True:
            signal.alarm(hung_after)
            await asyncio.sleep(hung_after / 6)
    finally:
        signal.alarm(0)


def factories(gate: Gate) -> dict[str, Factory]:
    """Who answers on which path."""
    return {
        POLICY_SOCKET: partial(policy, gate),
        SOCKETMAP_SOCKET: partial(socketmap, gate),
        BUSY_SOCKET: BusySession,
        GATE_CONTROL_SOCKET: partial(control, gate),
    }
