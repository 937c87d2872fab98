"""How postqueue is run, without ever holding its whole output, and how often it is worth asking."""

import asyncio
import sys
import tracemalloc
from pathlib import Path

import pytest

from smtppool.agent import postfix, queue
from smtppool.agent.facts import Board, Facts
from smtppool.agent.listing import Listing
from smtppool.agent.settings import Paths
from smtppool.api import names
from smtppool.api.documents import EgressCheckOrder, Grant, Intake, Lanes, QueueDepth

PROGRAM = f"#!{sys.executable}\nimport os, sys, time\nwrite = sys.stdout.write\n"
MANY = """
reason = "host mx.example.net[203.0.113.1] said: 451 4.7.1 " + "try again " * 20
for n in range(20_000):
    write('{"queue_name": "deferred", "queue_id": "4gZq%08d", "arrival_time": 1, "message_size": 1, '
          '"forced_expire": false, "sender": "a@b.c", "recipients": [{"address": "x%d@example.com", '
          '"delay_reason": "%s"}]}\\n' % (n, n, reason))
"""
WIDE = """
reason = "host mx.example.net[203.0.113.1] said: 451 4.7.1 " + "try again " * 100
one = '{"address": "someone@example.com", "delay_reason": "%s"}' % reason
for n in range(20):
    write('{"queue_name": "active", "queue_id": "4gZq%08d", "recipients": [%s]}\\n' % (n, ", ".join([one] * 1000)))
"""
MEBIBYTE = 2**20


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A pod in which postqueue is the program that `say` writes."""
    monkeypatch.setattr(postfix, "POSTQUEUE", str(tmp_path / "postqueue"))
    paths = Paths(root=tmp_path)
    paths.at(names.CORRUPT_COUNT).parent.mkdir(parents=True)
    paths.at(names.CORRUPT_COUNT).write_text("0\n")
    return paths


def say(pod: Paths, program: str) -> None:
    path = pod.at("postqueue")
    path.write_text(PROGRAM + program)
    path.chmod(0o755)


@pytest.mark.parametrize(("program", "counted"), [(MANY, {"deferred": 20_000}), (WIDE, {"active": 20})])
async def test_a_long_listing_takes_little_memory_and_leaves_others_their_turn(
    pod: Paths, program: str, counted: dict[str, int]
) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    say(pod, program)
    other = asyncio.create_task(others())
    tracemalloc.start()
    try:
        look = await postfix.look(pod, Listing())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        other.cancel()
    assert {queue: count for queue, count in look.listing.messages.items() if count} == counted
    assert peak < 4 * MEBIBYTE
    assert turns > 50  # pieces of 64 KiB


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("sys.stderr.write('fatal: ' + 'x' * 10_000); sys.exit(69)", "^fatal: x{493}$"),
        ("sys.exit(1)", "exit status 1"),
        ("write('postqueue: warning: mail system is down' * 1_000_000)", "not JSON"),
        ("write('{\"queue_name\"'); sys.stdout.flush(); time.sleep(60)", "no answer"),
        ("sys.stdout.close(); os.close(1); time.sleep(60)", "no answer"),
    ],
    ids=["fails with a long complaint", "fails silently", "one line without end", "becomes silent", "does not end"],
)
async def test_what_is_no_listing_is_an_error(
    pod: Paths, monkeypatch: pytest.MonkeyPatch, program: str, told: str
) -> None:
    monkeypatch.setattr(postfix, "SILENCE", 1.0 if told == "no answer" else 60.0)
    say(pod, program)
    with pytest.raises(postfix.PostqueueError, match=told):
        await postfix.look(pod, Listing())


MOVING = """
bounce = '{"queue_name": "deferred", "sender": "MAILER-DAEMON", "recipients": [{"address": "a@b.c"}]}\\n'
write(bounce)
if os.path.exists("%(seen)s"):
    write(bounce.replace("MAILER-DAEMON", "a@b.c").replace("deferred", "active"))
open("%(seen)s", "w").close()
"""


async def test_mail_that_moves_while_bounces_are_counted_is_not_missed(pod: Paths) -> None:
    """The listing goes from queue to queue: what is put back into an earlier one is in none of them."""
    say(pod, MOVING % {"seen": pod.at("seen")})
    board = Board()
    board.update(grant=grant(Intake.CLOSED))
    reading = asyncio.create_task(
        queue.read(paths=pod, board=board, beat=lambda: None, provider_of=lambda _: "other", show=lambda _: None)
    )
    async with asyncio.timeout(10):
        while board.facts.queue is None:
            await board.wait(board.version, timeout=5)
    reading.cancel()
    assert (board.facts.queue.messages, board.facts.queue.bounces) == (2, 1)


def test_damaged_files_as_the_entrypoint_counts_them(tmp_path: Path) -> None:
    (tmp_path / "corrupt").write_text("3\n")
    assert postfix.corrupt(tmp_path / "corrupt") == 3


@pytest.mark.parametrize("content", [None, "", "three"])
def test_without_their_count_the_depth_is_not_known(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "corrupt").write_text(content)
    with pytest.raises(postfix.PostqueueError, match="not counted"):
        postfix.corrupt(tmp_path / "corrupt")


def grant(intake: Intake) -> Grant:
    return Grant(server="mx1", intake=intake, egress_check=EgressCheckOrder())


@pytest.mark.parametrize(
    ("facts", "seconds"),
    [
        (Facts(queue=QueueDepth(), lanes=Lanes.OPEN), queue.IDLE_INTERVAL),
        (Facts(lanes=Lanes.OPEN), queue.BUSY_INTERVAL),
        (Facts(queue=QueueDepth(active=1), lanes=Lanes.OPEN), queue.BUSY_INTERVAL),
        (Facts(queue=QueueDepth(), lanes=Lanes.HANDOVER), queue.BUSY_INTERVAL),
        (Facts(queue=QueueDepth(), lanes=Lanes.CLOSED), queue.BUSY_INTERVAL),
        (Facts(queue=QueueDepth(), lanes=Lanes.OPEN, grant=grant(Intake.CLOSED)), queue.BUSY_INTERVAL),
        (Facts(queue=QueueDepth(), lanes=Lanes.OPEN, grant=grant(Intake.OPEN)), queue.IDLE_INTERVAL),
    ],
)
def test_interval(facts: Facts, seconds: float) -> None:
    assert queue.interval(facts) == seconds
    assert queue.interval(facts, took=0.1) == seconds


@pytest.mark.parametrize(("took", "seconds"), [(0.3, 1.5), (3.0, 15.0), (100.0, queue.LONGEST_PAUSE)])
def test_a_queue_that_takes_long_to_list_is_looked_at_less_often(took: float, seconds: float) -> None:
    assert queue.interval(Facts(queue=QueueDepth(active=1), lanes=Lanes.OPEN), took=took) == seconds
