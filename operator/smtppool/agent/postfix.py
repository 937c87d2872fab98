"""Postfix's queue commands, as a member of group postdrop: list what is queued, ask for an attempt on all of it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from smtppool.agent.listing import Listing, ListingError
from smtppool.agent.settings import Paths
from smtppool.api import names
from smtppool.api.documents import QueueDepth

SILENCE: Final = 30.0  # seconds without output: 10,000 messages were listed in 0.3 s, so the queue manager is stuck
POSTQUEUE: Final = "/usr/sbin/postqueue"

_PIECE: Final = 64 * 1024  # counted in some milliseconds; then other tasks have their turn
_COMPLAINT: Final = 500  # bytes kept of what it says on its standard error

Take = Callable[[bytes], object]


class PostqueueError(Exception):
    """postqueue failed; the text says why."""


async def postqueue(paths: Paths, *arguments: str, take: Take = len) -> None:
    """Run postqueue and give its output to `take` in pieces; PostqueueError when it fails, or says nothing for long."""
    process = await asyncio.create_subprocess_exec(
        POSTQUEUE,
        "-c",
        str(paths.at(names.POSTFIX_DIR)),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = process.stdout, process.stderr
    assert output is not None and errors is not None  # noqa: S101, PT018 - pipes, as asked for
    complaint = asyncio.create_task(_complaint(errors))
    try:
        await _read(output, take)
        async with asyncio.timeout(SILENCE):
            told = await complaint
            await process.wait()
    except TimeoutError as error:
        raise PostqueueError(f"postqueue gave no answer in {SILENCE:.0f} s") from error
    finally:
        complaint.cancel()
        await _ended(process, output)
    if process.returncode:
        raise PostqueueError(told or f"exit status {process.returncode}")


async def _read(stream: asyncio.StreamReader, take: Take) -> None:
    while True:
        async with asyncio.timeout(SILENCE):
            piece = await stream.read(_PIECE)
        if not piece:
            return
        take(piece)
        await asyncio.sleep(0)  # what is there already is read without a pause


async def _complaint(stream: asyncio.StreamReader) -> str:
    kept = b""
    while piece := await stream.read(_PIECE):
        kept += piece[: _COMPLAINT - len(kept)]
    return kept.decode(errors="replace").strip()


async def _ended(process: asyncio.subprocess.Process, output: asyncio.StreamReader) -> None:
    """Nothing is left behind of one that was given up; its pipe is only closed once it was read to its end."""
    if process.returncode is not None:
        return
    process.kill()
    while await output.read(_PIECE):
        pass
    await process.wait()


async def flush(paths: Paths) -> None:
    """Ask Postfix to attempt all deferred mail now."""
    await postqueue(paths, "-f")


class Look(NamedTuple):
    """One look at the queue: every message counted, and what of it is reported."""

    listing: Listing
    depth: QueueDepth


async def look(paths: Paths, listing: Listing) -> Look:
    """Count the queue into `listing`, which is a new one."""
    try:
        await postqueue(paths, "-j", take=listing.feed)
        listing.end()
    except ListingError as error:
        raise PostqueueError(str(error)) from error
    return Look(listing, listing.depth(corrupt=corrupt(paths.at(names.CORRUPT_COUNT))))


def corrupt(path: Path) -> int:
    """Damaged queue files, which postqueue does not list. Without that count nobody may take the queue for empty."""
    try:
        return int(path.read_text())
    except (OSError, ValueError) as error:
        raise PostqueueError(f"damaged queue files are not counted: {error}") from error
