"""HAProxy's runtime socket: commands in, text out. Knows the protocol, not what is in the commands.

A command line is limited by HAProxy's buffer (16 KiB), so many commands go in few lines, each on its own connection.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

LINE_LIMIT: Final = 12_000
TIMEOUT: Final = 2.0  # HAProxy answers in under a millisecond, or is not there
ANSWER_LIMIT: Final = 2**22


class Runtime:
    """The runtime socket of this pod's HAProxy. Errors are OSError and TimeoutError."""

    def __init__(self, socket: Path) -> None:
        self._socket = str(socket)

    async def execute(self, commands: Sequence[str]) -> str:
        """Run the commands in order; the answers of all of them."""
        answers = [await self._line(line) for line in lines(commands)]
        return "".join(answers)

    async def until_gone(self, connected: Callable[[], None]) -> None:
        """Hold an idle connection; returns when HAProxy closes it, that is, ends."""
        async with self._connection() as (reader, writer):
            writer.write(b"prompt\n")
            await writer.drain()
            connected()
            while await reader.read(4096):
                pass

    async def _line(self, line: str) -> str:
        async with asyncio.timeout(TIMEOUT), self._connection() as (reader, writer):
            writer.write(line.encode() + b"\n")
            return (await reader.read(-1)).decode(errors="replace")

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_unix_connection(self._socket, limit=ANSWER_LIMIT)
        try:
            yield reader, writer
        finally:
            writer.close()


def lines(commands: Iterable[str]) -> Iterator[str]:
    """Command lines under the limit, in order."""
    line = ""
    for command in commands:
        if line and len(line) + len(command) >= LINE_LIMIT:
            yield line
            line = ""
        line = f"{line};{command}" if line else command
    if line:
        yield line


def table(text: str) -> list[dict[str, str]]:
    """Rows of an answer with a `# name name` head, separated by commas (`show stat`) or blanks (`show servers`)."""
    head: list[str] = []
    rows: list[dict[str, str]] = []
    for line in text.splitlines():
        separator = "," if "," in line else None
        if line.startswith("#"):
            head = line.lstrip("# ").split(separator)
        elif head and line.strip():
            rows.append(dict(zip(head, line.split(separator), strict=False)))
    return rows


def acl_ids(text: str, *, file: Path) -> tuple[str, ...]:
    """Identifiers, in `show acl`, of all lists that were loaded from `file`: one per frontend that uses it."""
    return tuple(f"#{line.split()[0]}" for line in text.splitlines() if f"({file})" in line)


def acl_entries(text: str) -> frozenset[str]:
    """Patterns in the answer to `show acl #<id>`."""
    return frozenset(parts[1] for line in text.splitlines() if len(parts := line.split()) == 2)
