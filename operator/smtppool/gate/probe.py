"""`python3 -m smtppool.gate.probe`: exit 0 if the gate's worker answers in time; for startup."""

import socket
import sys

from smtppool.api.names import GATE_CONTROL_SOCKET

TIMEOUT = 2.0


def answers(path: str = GATE_CONTROL_SOCKET) -> bool:
    """True if a worker, not only the socket's backlog, is there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(TIMEOUT)
        try:
            connection.connect(path)
            connection.sendall(b"status\n")
            return connection.recv(1) == b"{"
        except OSError as error:
            sys.stderr.write(f"gate: {path}: {error}\n")
            return False


if __name__ == "__main__":
    sys.exit(not answers())
