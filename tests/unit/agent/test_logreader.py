"""The log reader through kills, restarts, rotations and full disks: every fate counted once, every event told."""

import asyncio
import io
import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smtppool.agent import logreader
from smtppool.agent.facts import Board
from smtppool.agent.logclock import LogClock
from smtppool.agent.logmetrics import LogCollector
from smtppool.agent.logreader import LogReader
from smtppool.agent.settings import Paths, Settings
from smtppool.api import names
from smtppool.api.outcomes import WindowName
from smtppool.kube import files
from tests.unit.agent.loglines import DEFERRED, NOW, delivery, expired, queued, removed


class Pod:
    """A volume with a log on it, and one agent after the other that reads it."""

    def __init__(self, root: Path) -> None:
        self.settings = Settings("demo", "pool", "mx1", "mx1.example.com", 9154, "uid", "10.0.0.1", Paths(root=root))
        self.log = root / names.MAILLOG.lstrip("/")
        self.state = root / names.STATE_DIR.lstrip("/")
        self.log.parent.mkdir(parents=True)
        self.state.mkdir(parents=True)
        self.out = io.StringIO()
        self.board = Board()
        self.wall = NOW.timestamp()
        self.written = self.noises = 0
        self._readers: list[LogReader] = []
        self.reader = self.start()

    def start(self, out: Any = None, clock: LogClock | None = None) -> LogReader:
        """A new process."""
        clock = clock or LogClock(wall=lambda: self.wall, steady=lambda: self.wall)
        self.reader = LogReader(settings=self.settings, board=self.board, out=out or self.out, clock=clock)
        self._readers.append(self.reader)
        self.reader.restore()
        return self.reader

    def close(self) -> None:
        """Of all processes that there were, the files."""
        for reader in self._readers:
            reader.tail.close()

    def read(self) -> None:
        """All that is there."""
        while not self.reader.turn():
            pass

    def write(self, count: int = 1) -> None:
        """Deliveries, each of another message."""
        with self.log.open("ab") as file:
            for _ in range(count):
                self.written += 1
                queue_id = f"4gZq{self.written:08}"
                file.write(delivery(queue_id=queue_id) + b"\n" + removed(queue_id) + b"\n")

    def kill(self) -> None:
        """No word of farewell."""
        self.close()
        self.start()

    def stop(self) -> None:
        self.reader.stop()
        self.start()

    def save(self) -> None:
        """The 10 s are over."""
        with mock.patch.object(logreader, "SAVE_INTERVAL", 0.0):
            self.reader.turn()

    def rotate(self) -> None:
        """As the entrypoint does; never before the older file was read, as a gap would be nobody's fault."""
        self.read()
        if self.log.exists():
            self.log.rename(self.log.with_name("maillog.1"))

    def delete(self) -> None:
        """By somebody's hand; what was read is in the windows that the agent keeps."""
        self.read()
        self.save()
        self.log.unlink(missing_ok=True)

    def empty(self) -> None:
        """Likewise. The agent sees it: lines of a test begin alike, those of a log have other times and ids."""
        self.read()
        self.save()
        if self.log.exists():
            self.log.write_bytes(b"")
            self.reader.turn()

    def half(self) -> None:
        """A line in two writes, with a look in between."""
        self.written += 1
        line = delivery(queue_id=f"4gZq{self.written:08}") + b"\n"
        for part in (line[:50], line[50:]):
            with self.log.open("ab") as file:
                file.write(part)
            self.reader.turn()

    def noise(self) -> None:
        """What nobody can read; another one each time, as no two files of a pod begin alike."""
        self.noises += 1
        with self.log.open("ab") as file:
            file.write(b"%d\x00\xff\x80garbage \r\x0b\n" % self.noises + b"x" * 300_000 + b"\n")

    def counted(self, window: WindowName = WindowName.DAY) -> int:
        shown = self.reader.pipeline.ledger.windows.shown()
        return sum(one.windows[window].delivered for one in shown if window in one.windows)

    def told(self) -> list[str]:
        return [json.loads(line)["queueId"] for line in self.out.getvalue().splitlines()]


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    pod = Pod(tmp_path)
    yield pod
    pod.close()


STEPS = st.lists(
    st.sampled_from(["write", "write", "read", "save", "kill", "stop", "rotate", "half", "noise", "delete", "empty"]),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@example(steps=["write", "rotate", "write", "delete", "write", "delete", "kill"])
@given(steps=STEPS)
def test_every_delivery_is_counted_once_and_told_once_whatever_happens_between_chunks(steps: list[str]) -> None:
    no_sync = mock.patch.object(os, "fsync")
    with no_sync, tempfile.TemporaryDirectory() as root, closing(Pod(Path(root))) as pod:
        for step in [*steps, "read"]:
            getattr(pod, step)()
        everybody = [f"4gZq{number:08}" for number in range(1, pod.written + 1)]
        assert pod.counted() == pod.written
        assert sorted(pod.told()) == everybody
        pod.kill()
        pod.read()
        assert pod.counted() == pod.written
        pod.stop()
        assert pod.counted() == pod.written
        assert sorted(pod.told()) == everybody


def test_a_kill_within_a_chunk_tells_twice_and_counts_once(pod: Pod) -> None:
    pod.write()
    pod.read()
    pod.write(3)
    with mock.patch.object(files, "replace", side_effect=OSError("killed")):
        pod.reader.turn()
    pod.kill()
    pod.read()
    assert (pod.counted(), len(pod.told())) == (4, 7)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"at": 1, "place": null}', b'{"at": "x", "place": {}}'])
def test_without_its_state_the_windows_come_from_the_log_and_nothing_is_told_again(pod: Pod, content: bytes) -> None:
    pod.write(3)
    pod.read()
    pod.rotate()
    pod.write(2)
    pod.read()
    pod.reader.stop()
    (pod.state / "log-state.json").write_bytes(content)
    pod.start()
    pod.read()
    assert (pod.counted(), len(pod.told())) == (5, 5)


def test_two_rotations_between_two_saves_lose_nothing(pod: Pod) -> None:
    for _ in range(3):
        pod.write()
        pod.rotate()
    pod.kill()
    pod.read()
    assert (pod.counted(), len(pod.told())) == (3, 3)


@pytest.mark.parametrize("lost", [Pod.delete, Pod.empty], ids=["deleted", "emptied"])
def test_a_log_that_is_gone_when_the_agent_comes_back(pod: Pod, lost: Callable[[Pod], None]) -> None:
    """The file before was read to its end: whoever began it again would count its mail twice."""
    pod.write(2)
    pod.rotate()
    pod.write(2)
    lost(pod)
    pod.kill()
    pod.write()
    pod.read()
    assert (pod.counted(), len(pod.told())) == (5, 5)


def test_a_log_that_is_copied_and_emptied(pod: Pod) -> None:
    for _ in range(3):
        pod.write(4)
        pod.read()
        pod.log.write_bytes(b"")
        pod.write(3)
        pod.read()
    assert pod.counted() == pod.written == len(pod.told()) == 21


def test_a_full_disk_stops_nothing(pod: Pod) -> None:
    with mock.patch.object(Path, "write_text", side_effect=OSError(28, "No space left on device")):
        pod.write(2)
        pod.read()
        pod.write(2)
        pod.read()
    assert (pod.counted(), len(pod.told())) == (4, 4)


def test_events_that_could_not_be_written_come_later(pod: Pod) -> None:
    class Broken(io.StringIO):
        fails = True

        def write(self, text: str) -> int:
            if self.fails:
                raise BlockingIOError(11, "try again")
            return super().write(text)

    out = Broken()
    pod.start(out)
    pod.write(50)
    for _ in range(3):
        with pytest.raises(BlockingIOError):
            pod.reader.turn()
    out.fails = False
    pod.read()
    assert pod.counted() == 50
    assert len(out.getvalue().splitlines()) == 50


def test_writes_are_no_larger_than_a_pipe_takes_whole(pod: Pod) -> None:
    class Counting(io.StringIO):
        sizes: list[int]

        def write(self, text: str) -> int:
            self.sizes.append(len(text))
            return super().write(text)

    out = Counting()
    out.sizes = []
    pod.start(out)
    pod.write(100)
    pod.read()
    assert max(out.sizes) <= logreader.PIPE_BUFFER
    assert 10 < len(out.sizes) < 50
    assert len(out.getvalue().splitlines()) == 100


@pytest.mark.parametrize(
    ("away", "burst", "hour", "day"), [(5, 3, 3, 3), (30, 0, 3, 3), (4000, 0, 0, 3), (100_000, 0, 0, 0)]
)
def test_a_backlog_is_no_burst(pod: Pod, away: int, burst: int, hour: int, day: int) -> None:
    """Lines were written 59 s before NOW; the agent was away for as long and more."""
    pod.wall -= 59
    pod.read()
    pod.reader.stop()
    pod.write(3)
    pod.wall += away
    pod.start()
    pod.read()
    counts = {name: pod.counted(name) for name in WindowName}
    assert (counts[WindowName.BURST], counts[WindowName.HOUR], counts[WindowName.DAY]) == (burst, hour, day)


@pytest.mark.parametrize("jump", [-7200, 7200])
def test_a_clock_that_jumps_while_the_agent_runs_moves_nothing(pod: Pod, jump: int) -> None:
    steady = 0.0
    pod.start(clock=LogClock(wall=lambda: pod.wall, steady=lambda: steady))
    pod.wall -= 59
    pod.read()
    pod.wall += jump
    pod.write(2)
    pod.read()
    assert pod.counted(WindowName.BURST) == 2
    steady += 20
    assert (pod.counted(WindowName.BURST), pod.counted(WindowName.MINUTE)) == (0, 2)


def test_a_scrape_tells_what_befell_log_and_clock(pod: Pod) -> None:
    reader = pod.start(clock=LogClock(wall=lambda: pod.wall, steady=lambda: 0.0))
    pod.write()
    pod.delete()
    pod.wall -= 7200
    pod.write()
    pod.read()
    collected = LogCollector(reader.pipeline.counts, reader.tail, reader.pipeline.clock).collect()
    told = {sample.name: sample.value for metric in collected for sample in metric.samples}
    assert (told["smtppool_log_files_lost_total"], told["smtppool_clock_jumps_total"]) == (1, 1)
    assert pod.counted() == 2


def test_what_is_known_of_messages_outlives_the_agent(pod: Pod) -> None:
    with pod.log.open("ab") as file:
        file.write(b"\n".join([queued(), DEFERRED, delivery(queue_id="4gZq99999999"), b""]))
    pod.read()
    pod.stop()
    with pod.log.open("ab") as file:
        file.write(b"\n".join([expired(), delivery(queue_id="4gZq99999999"), b""]))
    pod.read()
    (google,) = pod.reader.pipeline.ledger.windows.shown()
    assert google.windows[WindowName.DAY].bounced == {"MessageExpired": 1}
    assert google.windows[WindowName.DAY].delivered == 1


async def test_the_task_shows_the_windows_and_keeps_them_when_it_is_cancelled(pod: Pod) -> None:
    pod.write(2)
    task = asyncio.create_task(pod.reader.run(lambda: None))
    async with asyncio.timeout(5):
        seen = pod.board.version
        while not pod.board.facts.outcomes:
            await pod.board.wait(seen)
            seen = pod.board.version
    task.cancel()
    await asyncio.wait([task])
    assert pod.board.facts.outcomes[0].windows[WindowName.DAY].delivered == 2
    pod.start()
    assert pod.counted() == 2


def test_a_stdout_that_takes_nothing_does_not_hold_up_the_end(pod: Pod) -> None:
    class Stuck(io.StringIO):
        entered, release = threading.Event(), threading.Event()

        def write(self, text: str) -> int:
            self.entered.set()
            self.release.wait(10)
            return super().write(text)

    out = Stuck()
    pod.start(out)
    pod.write(2)
    turn = threading.Thread(target=pod.reader.turn)
    turn.start()
    assert out.entered.wait(5)
    with mock.patch.object(logreader, "STOP_TIMEOUT", 0.05):
        pod.reader.stop()
    out.release.set()
    turn.join(5)
    assert pod.reader.turn()  # it has ended, and reads no more
    pod.kill()
    pod.read()
    assert pod.counted() == 2
