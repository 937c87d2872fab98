# ruff: noqa: T201 - lines on standard output are how it speaks
"""The real node program with orders on standard input and reports on standard output, one JSON document a line.

Its argument is the directory of the kept order.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from smtppool.api.documents import NodeEgressReport
from smtppool.api.names import EGRESS_KEY
from smtppool.node.documents import Order, read_order
from smtppool.node.program import NodeProgram
from smtppool.node.settings import Settings

NODE_NAME = "node-a"


class StdioBus:
    """Orders and reports by pipes."""

    async def orders(self) -> AsyncIterator[Order]:
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            yield read_order({EGRESS_KEY: line.decode()}, node=NODE_NAME)
        raise EOFError

    async def report(self, report: NodeEgressReport) -> None:
        print(report.model_dump_json(by_alias=True), flush=True)


async def main(state_dir: Path) -> None:
    await NodeProgram(Settings(node=NODE_NAME, namespace="test", state_dir=state_dir), StdioBus()).run()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
