# ruff: noqa: T201 - lines on standard output are how it speaks
"""A client in a pod: `ADDRESS PORT TIMEOUT` per input line, prints who the other side saw, or `failed` and why.

`from PORT ADDRESS PORT TIMEOUT` does so from a source port of its own choice. `hold ADDRESS PORT` keeps a connection;
`say` then sends a line on it and prints `echoed` or `failed`.
"""

import socket
import sys


def visit(address: str, port: str, timeout: str, *, source_port: str = "0") -> str:
    try:
        source = ("0.0.0.0", int(source_port))
        with socket.create_connection((address, int(port)), float(timeout), source) as connection:
            return connection.recv(100).decode().split()[1]
    except OSError as error:
        return f"failed {error}"


def say(held: socket.socket) -> str:
    try:
        held.sendall(b"hello\n")
        return "echoed" if held.recv(100) == b"hello\n" else "failed: closed"
    except OSError as error:
        return f"failed {error}"


def main() -> None:
    held: socket.socket | None = None
    for line in sys.stdin:
        match line.split():
            case ["hold", address, port]:
                held = socket.create_connection((address, int(port)), timeout=2)
                answer = held.recv(100).decode().split()[1]
            case ["say"] if held is not None:
                answer = say(held)
            case ["from", source_port, address, port, timeout]:
                answer = visit(address, port, timeout, source_port=source_port)
            case [address, port, timeout]:
                answer = visit(address, port, timeout)
            case _:
                answer = f"failed: not understood: {line}"
        print(answer, flush=True)


if __name__ == "__main__":
    main()
