"""The gate's unix sockets: bound once, kept while workers come and go.

Postfix runs as a user of its own, so three of them are open to every user of the pod; the control socket is for the
agent, which runs as the same user.
"""

import os
import socket
from contextlib import suppress
from pathlib import Path

from smtppool.api.names import BUSY_SOCKET, GATE_CONTROL_SOCKET, POLICY_SOCKET, SOCKETMAP_SOCKET

BACKLOG = 4096
EVERYBODY = 0o666
OWNER = 0o600
MODES = {
    POLICY_SOCKET: EVERYBODY,
    SOCKETMAP_SOCKET: EVERYBODY,
    BUSY_SOCKET: EVERYBODY,
    GATE_CONTROL_SOCKET: OWNER,
}


def listen() -> dict[str, socket.socket]:
    """All sockets by path, in place of what an earlier gate left."""
    return {path: _bind(Path(path), mode) for path, mode in MODES.items()}


def _bind(path: Path, mode: int) -> socket.socket:
    with suppress(FileNotFoundError):
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    previous = os.umask(0o777 & ~mode)
    try:
        listener.bind(str(path))
    finally:
        os.umask(previous)
    listener.listen(BACKLOG)
    return listener
