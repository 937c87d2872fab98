"""Runs inside the relay image: gate and Postfix as in a pod, and the SMTP sessions of the golden test.

Prints the replies as JSON, by the name of the session. Standard library only.
"""

import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

RUN = Path("/run/smtppool")
QUEUE = Path("/var/spool/smtppool/postfix")
PROXY_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
SUBMISSION, HANDOVER = 10025, 10028
ALLOWED, FOREIGN = "10.20.1.1", "10.21.1.1"
PATIENCE = 20.0
TRIED_NOW = "being tried now"


class Session:
    """One SMTP connection that HAProxy would have passed on."""

    def __init__(self, *, client: str, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        addresses = socket.inet_aton(client) + socket.inet_aton("127.0.0.1") + struct.pack(">HH", 40000, 25)
        self.socket.sendall(PROXY_SIGNATURE + b"\x21\x11" + struct.pack(">H", len(addresses)) + addresses)
        self.stream = self.socket.makefile("rb")

    def reply(self) -> str:
        """The last line of a reply."""
        while line := self.stream.readline():
            if line[3:4] == b" ":
                return line.decode().rstrip()
        raise ConnectionError("closed without a reply")

    def say(self, line: str) -> str:
        self.socket.sendall(line.encode() + b"\r\n")
        return self.reply()


def send(*, client: str = ALLOWED, port: int = SUBMISSION, size: int = 0, recipients: int = 1, hops: int = 0) -> str:
    """The decisive reply to one message: the first that is no 2xx or 3xx, else the last."""
    session = Session(client=client, port=port)
    try:
        session.reply()
        commands = ["EHLO client.example", f"MAIL FROM:<sender@example.com> SIZE={size}"]
        commands += [f"RCPT TO:<user{number}@example.net>" for number in range(recipients)]
        headers = "Received: from relay.example\r\n" * hops + "Subject: hello\r\n"
        for command in (*commands, "DATA", f"{headers}\r\nhello\r\n."):
            answer = session.say(command)
            if answer[0] in "45":
                break
        session.say("QUIT")
        return answer
    finally:
        session.socket.close()


def until(reason: str, found: Any) -> None:
    """Wait for `found()`; an error that names the reason when it does not come about."""
    end = time.monotonic() + PATIENCE
    while not found():
        if time.monotonic() > end:
            raise TimeoutError(reason)
        time.sleep(0.05)


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def control(command: str) -> str:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(str(RUN / "gate.sock"))
        connection.sendall(command.encode() + b"\n")
        return connection.makefile().readline().strip()


def rule(**changes: str) -> None:
    """Write the gate's table as the agent does, and have it read."""
    submission = {"allowedNetworks": ["10.20.0.0/16"], "maxMessageSize": 1000, "maxRecipients": 2}
    table = {"lanes": "Closed", "intake": "Open", "reason": "address not verified", "submission": submission} | changes
    (RUN / "gate.json.new").write_text(json.dumps(table))
    (RUN / "gate.json.new").rename(RUN / "gate.json")
    if not control("reload").startswith("ok "):
        raise ValueError("the gate refused its table")


@contextmanager
def program(*argv: str, user: int) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(argv, user=user, group=user, stdout=sys.stderr) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE)


def queue() -> list[dict[str, Any]]:
    listed = subprocess.run(["postqueue", "-j"], capture_output=True, text=True, timeout=PATIENCE, check=True).stdout
    return [json.loads(line) for line in listed.splitlines()]


def stated(parameter: str) -> int:
    """A number in main.cf."""
    return int(subprocess.run(["postconf", "-h", parameter], capture_output=True, timeout=PATIENCE, check=True).stdout)


def deferred() -> bool:
    return any(message["queue_name"] == "deferred" for message in queue())


def reasons() -> list[str]:
    recipients = (recipient for message in queue() for recipient in message["recipients"])
    return sorted({recipient.get("delay_reason", TRIED_NOW) for recipient in recipients})


def reasons_after_a_flush() -> list[str]:
    """Why mail waits once all of it has been tried again; the reload makes the queue manager forget its last answer."""
    subprocess.run(["postfix", "reload"], timeout=PATIENCE, check=True, stdout=sys.stderr)
    found: list[str] = []

    def deferred_again() -> bool:
        subprocess.run(["postqueue", "-f"], timeout=PATIENCE, check=True)
        found[:] = reasons()
        return not {TRIED_NOW, "address not verified"} & set(found)

    until("every message is deferred again", deferred_again)
    return found


def damaged() -> str:
    """As the entrypoint counts them, read as the agent reads it."""
    told = subprocess.run(["cat", str(RUN / "corrupt")], capture_output=True, user=10001, check=False).stdout
    return told.decode().strip()


def worker_of(gate: subprocess.Popen[bytes]) -> int:
    children = Path(f"/proc/{gate.pid}/task/{gate.pid}/children").read_text().split()
    return int(children[0]) if children else 0


def sessions(gate: subprocess.Popen[bytes]) -> Iterator[tuple[str, Any]]:
    yield "no table", send()
    rule()
    yield "foreign client", send(client=FOREIGN)
    yield "too large", send(size=1001)
    yield "too many recipients", send(recipients=3)
    yield "peer", send(port=HANDOVER, client=FOREIGN)
    yield (
        "peer's message of the largest size",
        send(port=HANDOVER, client=FOREIGN, size=stated("submission_size_limit") + 500),
    )
    yield "peer's message, often handed over", send(port=HANDOVER, client=FOREIGN, hops=48)  # and one of its own
    yield "peer's message, too often handed over", send(port=HANDOVER, client=FOREIGN, hops=49)
    yield "allowed client", send()
    until("closed lanes defer the message", deferred)
    yield "queue", reasons()
    yield "damaged files", damaged()
    (QUEUE / "corrupt" / "4gZq1x2Y3Zz9").touch()
    until("the damaged file is counted", lambda: damaged() == "1")
    rule(intake="Closed")
    yield "closed intake", send()
    rule()
    before = worker_of(gate)
    os.kill(before, 9)
    yield "gate's worker killed", send()
    yield "another worker", worker_of(gate) not in {0, before}


def main() -> None:
    found: dict[str, Any] = {}
    with program("python3", "-m", "smtppool.gate", user=10001) as gate:
        until("the gate listens", (RUN / "gate.sock").exists)
        with program("/opt/smtppool/bin/postfix-entrypoint", user=0) as postfix:
            until("Postfix listens", lambda: listening(SUBMISSION) and listening(HANDOVER))
            found.update(sessions(gate))
            worker = worker_of(gate)
            os.kill(gate.pid, 9)  # before its worker, which it would replace
            os.kill(worker, 9)
            found["gate killed"] = send()
            found["queue, gate killed"] = reasons_after_a_flush()
        found["Postfix stopped"] = postfix.returncode
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
