"""Programs that run in a namespace for the length of a test and speak in lines."""

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from smtppool.api.documents import NodeEgress, NodeEgressReport
from tests.contract.node.netns import Namespace

ROOT = Path(__file__).resolve().parents[3]


class Conversation:
    """Lines to and from a program; no wait is without end."""

    def __init__(self, program: "subprocess.Popen[str]") -> None:
        self.program = program
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.program.stdout is not None
        for line in self.program.stdout:
            self._lines.put(line.strip())

    def tell(self, line: str) -> None:
        assert self.program.stdin is not None
        self.program.stdin.write(line + "\n")
        self.program.stdin.flush()

    def hear(self, *, within: float = 10.0) -> str:
        """The next line."""
        return self._lines.get(timeout=within)

    def heard(self) -> list[str]:
        """All lines that are there already."""
        return [self._lines.get() for _ in range(self._lines.qsize())]

    def ask(self, line: str) -> str:
        self.tell(line)
        return self.hear()

    def end(self) -> None:
        """Kill the program; its pipe is read to the end before it is closed."""
        self.program.kill()
        self.program.wait()
        self._reader.join(timeout=5)


class NodeConversation(Conversation):
    """Orders and reports of the node program, which reports a change only."""

    last: NodeEgressReport | None = None

    def order(self, egress: NodeEgress) -> None:
        self.tell(egress.model_dump_json(by_alias=True))

    def report(self, *, where: Callable[[NodeEgressReport], bool], within: float = 10.0) -> NodeEgressReport:
        """The newest report, once it fits; the last one heard is in the failure."""
        deadline = time.monotonic() + within
        for line in self.heard():
            self.last = NodeEgressReport.model_validate_json(line)
        while self.last is None or not where(self.last):
            try:
                self.last = NodeEgressReport.model_validate_json(
                    self.hear(within=max(0.0, deadline - time.monotonic()))
                )
            except queue.Empty:
                raise AssertionError(f"no such report within {within} s; the last one: {self.last}") from None
        return self.last


Talk = TypeVar("Talk", bound=Conversation)


@contextmanager
def conversation(command: list[str], kind: type[Talk]) -> Iterator[Talk]:
    """A program for the length of a test; killed at its end, as a node's death would."""
    environment = {"PYTHONPATH": f"{ROOT / 'operator'}:{ROOT}", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT
    ) as program:
        talk = kind(program)
        try:
            yield talk
        finally:
            talk.end()


@contextmanager
def running(place: Namespace, module: str, *args: str) -> Iterator[Conversation]:
    """`python -m module` in the namespace."""
    with conversation(place.command(sys.executable, "-m", module, *args), Conversation) as talk:
        yield talk


@contextmanager
def node_program(node: Namespace, state_dir: Path) -> Iterator[NodeConversation]:
    """The real node program, which keeps its order in the directory."""
    command = node.command(sys.executable, "-m", "tests.contract.node.stdio_bus", str(state_dir))
    with conversation(command, NodeConversation) as talk:
        yield talk


@contextmanager
def visitor(place: Namespace) -> Iterator[Conversation]:
    """A client."""
    with running(place, "tests.contract.node.visitor") as talk:
        yield talk


@contextmanager
def internet(place: Namespace, *ports: int) -> Iterator[Conversation]:
    """The listener, listening."""
    with running(place, "tests.contract.node.internet", *map(str, ports)) as listener:
        assert listener.hear() == "listening"
        yield listener
