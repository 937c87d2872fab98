"""What `postqueue -j` says, and how often it is worth asking."""

from pathlib import Path

import pytest

from smtppool.agent import postfix, queue
from smtppool.agent.facts import Facts
from smtppool.api.documents import EgressCheckOrder, Grant, Intake, Lanes, QueueDepth


def entry(queue_name: str, *, recipients: int = 1) -> str:
    listed = ", ".join('{"address": "a@b.c"}' for _ in range(recipients))
    return f'{{"queue_name": "{queue_name}", "queue_id": "4gZq1x2Y3Zz9", "recipients": [{listed}]}}\n'


def test_messages_are_counted_by_queue() -> None:
    names = ("active", "active", "deferred", "incoming", "hold", "maildrop")
    output = "".join(entry(name, recipients=2) for name in names)
    assert postfix.count(output.encode()) == {"incoming": 2, "active": 2, "deferred": 1, "hold": 1}


def test_an_entry_without_recipients_is_done() -> None:
    assert sum(postfix.count((entry("incoming", recipients=0) + "\n").encode()).values()) == 0


def test_what_is_not_json_is_an_error() -> None:
    with pytest.raises(postfix.PostqueueError, match="not JSON"):
        postfix.count(b"postqueue: warning: mail system is down\n")


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
