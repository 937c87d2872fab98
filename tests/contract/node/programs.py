"""Programs that run in a namespace for the length of a test and speak in lines."""

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

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


class NodeConversation(Conversation):
    """Orders and reports of the node program."""

    def order(self, egress: NodeEgress) -> None:
        self.tell(egress.model_dump_json(by_alias=True))

    def report(self, *, where: Callable[[NodeEgressReport], bool], within: float = 10.0) -> NodeEgressReport:
        """The first report that fits; the last one heard is in the failure."""
        deadline, last = time.monotonic() + within, "none"
        while (left := deadline - time.monotonic()) > 0:
            try:
                last = self.hear(within=left)
            except queue.Empty:
                break
            report = NodeEgressReport.model_validate_json(last)
            if where(report):
                return report
        raise AssertionError(f"no such report within {within} s; the last one: {last}")


@contextmanager
def running(place: Namespace, module: str, *args: str) -> Iterator["subprocess.Popen[str]"]:
    """`python -m module` in the namespace."""
    environment = {"PYTHONPATH": f"{ROOT / 'operator'}:{ROOT}", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    program = subprocess.Popen(
        place.command(sys.executable, "-m", module, *args),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT,
    )  # fmt: skip
    with program:
        try:
            yield program
        finally:
            program.kill()


@contextmanager
def node_program(node: Namespace) -> Iterator[NodeConversation]:
    """The real node program; killed at the end, as a node's death would."""
    with running(node, "tests.contract.node.stdio_bus") as program:
        yield NodeConversation(program)


@contextmanager
def visitor(place: Namespace) -> Iterator[Conversation]:
    """A client."""
    with running(place, "tests.contract.node.visitor") as program:
        yield Conversation(program)


@contextmanager
def internet(place: Namespace, *ports: int) -> Iterator[Conversation]:
    """The listener, listening."""
    with running(place, "tests.contract.node.internet", *map(str, ports)) as program:
        listener = Conversation(program)
        assert listener.hear() == "listening"
        yield listener
