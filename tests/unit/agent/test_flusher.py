"""How often held mail is attempted when somebody asked for it."""

import asyncio
from pathlib import Path

import pytest

from smtppool.agent import postfix, queue
from smtppool.agent.facts import Board
from smtppool.agent.queue import Flusher
from smtppool.agent.settings import Paths
from smtppool.api.documents import Lanes, QueueDepth


@pytest.mark.parametrize(("again", "flushes"), [(True, 3), (False, 1)])
async def test_mail_that_was_all_held_is_flushed_some_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: bool, flushes: int
) -> None:
    monkeypatch.setattr(queue, "FLUSH_INTERVAL", 0)
    monkeypatch.setattr(queue, "FOLLOW_UPS", (0.02, 0.02))
    count = 0

    async def flush(paths: Paths) -> None:
        nonlocal count
        count += 1

    monkeypatch.setattr(postfix, "flush", flush)
    board = Board()
    board.update(lanes=Lanes.OPEN, queue=QueueDepth(deferred=1))
    flusher = Flusher(paths=Paths(root=tmp_path), board=board)
    flusher.request(again=again)
    task = asyncio.create_task(flusher.run())
    await asyncio.sleep(0.3)
    task.cancel()
    assert count == flushes
