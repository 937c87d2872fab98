"""Runs one of the node's tools to its end. No shell, no inherited input, always a time limit."""

import asyncio
from typing import Final

TIMEOUT_SECONDS: Final = 10.0  # nft, ip and conntrack answer in milliseconds; longer means a stuck kernel lock


class CommandError(Exception):
    """A tool failed; the message holds what it said."""


async def run(*argv: str, stdin: str | None = None, accept: frozenset[int] = frozenset({0})) -> str:
    """Standard output. CommandError for another exit status than `accept`, a missing tool, or no end in time."""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE if stdin is not None else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise CommandError(f"{argv[0]}: {error}") from error
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            out, err = await process.communicate(stdin.encode() if stdin is not None else None)
    except TimeoutError as error:
        raise CommandError(f"{' '.join(argv)}: no end within {TIMEOUT_SECONDS:.0f} s") from error
    finally:
        await _end(process)
    if process.returncode not in accept:
        raise CommandError(f"{' '.join(argv)}: {err.decode(errors='replace').strip()[:300]}")
    return out.decode(errors="replace")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
