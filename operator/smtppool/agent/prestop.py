"""`python3 -m smtppool.agent.prestop [seconds]`: empties the pod of SMTP sessions before Postfix is told to stop.

Runs in the Postfix container, on the standard library alone, so that it starts at once. Peers are turned away first
and go to other relays; clients only when the Service has stopped sending them; then open sessions may finish, in
bounded time.
"""

import csv
import io
import os
import socket
import sys
import time
from pathlib import Path

# Copies of api/names.py and render/haproxy.py: importing those would load the models. A test compares them.
STOPPING_FLAG = "/run/smtppool/stopping"
HAPROXY_SOCKET = "/run/smtppool/haproxy.sock"
ENTRY, RELAY, HANDOVER_IN, HEALTH = "entry", "relay", "handover_in", "health"

DEFAULT_TIMEOUT = 60.0
QUIET = 2.0  # the Service has forgotten the pod when no client has come for this long
LONGEST_FORGETTING = 15.0  # a client that connects for ever does not keep the pod alive
POLL = 0.2
SOCKET_TIMEOUT = 2.0

Stat = dict[tuple[str, str], dict[str, str]]


def main(arguments: list[str]) -> int:
    """Exit 0 when no session is open, 1 when the time was up first or HAProxy is away; stopping goes on either way."""
    deadline = time.monotonic() + (float(arguments[0]) if arguments else DEFAULT_TIMEOUT)
    raise_flag(Path(STOPPING_FLAG))
    try:
        ask(f"disable frontend {RELAY};disable frontend {HANDOVER_IN}")
        forgotten(min(deadline, time.monotonic() + LONGEST_FORGETTING))
        ask(f"disable frontend {ENTRY}")
        left = finished(deadline)
    except OSError as error:
        sys.stderr.write(f"prestop: HAProxy: {error}\n")
        return 1
    if left:
        sys.stderr.write(f"prestop: {left} sessions are still open\n")
    return int(left > 0)


def raise_flag(flag: Path) -> None:
    """Other containers write to its directory too: root takes away what one of them put there, and follows no link."""
    try:
        flag.unlink(missing_ok=True)
        os.close(os.open(flag, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
    except OSError as error:
        sys.stderr.write(f"prestop: {error}\n")


def ask(command: str) -> str:
    """One line to HAProxy's runtime socket, its answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(SOCKET_TIMEOUT)
        connection.connect(HAPROXY_SOCKET)
        connection.sendall(command.encode() + b"\n")
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
        return b"".join(parts).decode()


def stat() -> Stat:
    """Rows of `show stat` for frontends and backends."""
    text = ask("show stat -1 3 -1").lstrip("# ")
    return {(row["pxname"], row["svname"]): row for row in csv.DictReader(io.StringIO(text))}


def forgotten(deadline: float) -> None:
    """Until no client has connected to the entry for a while."""
    last, since = entered(), time.monotonic()
    while (now := time.monotonic()) < deadline and now - since < QUIET:
        time.sleep(POLL)
        if (count := entered()) != last:
            last, since = count, time.monotonic()


def entered() -> int:
    """Clients that have connected to the entry so far."""
    return int(stat()[ENTRY, "FRONTEND"]["stot"])


def finished(deadline: float) -> int:
    """Sessions that are open at the deadline; 0 as soon as there are none."""
    while (left := sessions(stat())) and time.monotonic() < deadline:
        time.sleep(POLL)
    return left


def sessions(rows: Stat) -> int:
    """Open sessions, health checks taken off."""
    frontends = sum(int(rows[name, "FRONTEND"]["scur"]) for name in (ENTRY, RELAY, HANDOVER_IN))
    return max(0, frontends - int(rows[HEALTH, "BACKEND"]["scur"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
