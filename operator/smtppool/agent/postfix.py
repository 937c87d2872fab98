"""Postfix's queue commands, as a member of group postdrop: list what is queued, ask for an attempt on all of it."""

import asyncio
import json
from pathlib import Path
from typing import Any, Final

from smtppool.agent.settings import Paths
from smtppool.api import names
from smtppool.api.documents import QueueDepth

TIMEOUT: Final = 30.0  # 10,000 messages were listed in 0.3 s; longer means that the queue manager is stuck
POSTQUEUE: Final = "/usr/sbin/postqueue"

_COUNTED: Final = ("incoming", "active", "deferred", "hold")
_ALIASES: Final = {"maildrop": "incoming"}


class PostqueueError(Exception):
    """postqueue failed; the text says why."""


async def postqueue(paths: Paths, *arguments: str) -> bytes:
    """Output of postqueue; PostqueueError when it fails or takes too long."""
    process = await asyncio.create_subprocess_exec(
        POSTQUEUE,
        "-c",
        str(paths.at(names.POSTFIX_DIR)),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(TIMEOUT):
            output, errors = await process.communicate()
    except TimeoutError as error:
        process.kill()
        await process.wait()
        raise PostqueueError(f"postqueue gave no answer in {TIMEOUT:.0f} s") from error
    if process.returncode:
        raise PostqueueError(errors.decode(errors="replace").strip()[:500] or f"exit status {process.returncode}")
    return output


async def flush(paths: Paths) -> None:
    """Ask Postfix to attempt all deferred mail now."""
    await postqueue(paths, "-f")


async def depth(paths: Paths) -> QueueDepth:
    """Messages by queue."""
    listed = count(await postqueue(paths, "-j"))
    return QueueDepth(**listed, corrupt=corrupt(paths.at(names.CORRUPT_COUNT)))


def count(output: bytes) -> dict[str, int]:
    """Messages by queue in `postqueue -j`. An entry without recipients is delivered, and only waits for its removal."""
    counts = dict.fromkeys(_COUNTED, 0)
    for line in output.splitlines():
        if not line.strip():
            continue
        try:
            entry: dict[str, Any] = json.loads(line)
        except ValueError as error:
            raise PostqueueError(f"postqueue -j: not JSON: {line[:80]!r}") from error
        queue = _ALIASES.get(entry["queue_name"], entry["queue_name"])
        if entry["recipients"] and queue in counts:
            counts[queue] += 1
    return counts


def corrupt(path: Path) -> int:
    """Damaged queue files, which postqueue does not list. Without that count nobody may take the queue for empty."""
    try:
        return int(path.read_text())
    except (OSError, ValueError) as error:
        raise PostqueueError(f"damaged queue files are not counted: {error}") from error
