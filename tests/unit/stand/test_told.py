"""What a demo tells: shares, addresses that nobody stated, and what a long step waits for."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from e2e.demo import LIMIT, count_true
from e2e.stand.kubectl import KubectlError
from e2e.stand.shares import shares, strangers
from e2e.stand.waiting import telling

STATED = {"198.51.100.11": 10 / 18, "198.51.100.12": 5 / 18, "198.51.100.13": 3 / 18}


def test_a_few_messages_from_elsewhere_are_within_the_limit_of_a_share_and_named_all_the_same() -> None:
    counts = {"198.51.100.11": {"google": 988}, "198.51.100.12": {"google": 496}, "198.51.100.13": {"google": 298}}
    assert strangers(counts, STATED) == {}
    counts["192.0.2.1"] = {"google": 17, "yahoo": 1}
    assert max(row.off for row in shares(counts, STATED)) <= LIMIT
    assert strangers(counts, STATED) == {"192.0.2.1": 18}


def named(name: str, **ready: str) -> dict[str, Any]:
    status = {"conditions": [{"type": "Ready", **ready}]} if ready else {}
    return {"metadata": {"name": name}, "status": status}


@pytest.mark.parametrize(
    ("bodies", "told"),
    [
        ([], "0 of 0"),
        ([named("a", status="True")], "1 of 1"),
        ([named("a", status="True"), named("b")], "1 of 2; b: no status yet"),
        ([named("a", status="False", reason="NoPod"), named("b")], "0 of 2; a: NoPod"),
        ([named("a", status="False", reason="NoPod", message="no pod yet")], "0 of 1; a: no pod yet"),
    ],
)
def test_what_is_waited_for(bodies: list[dict[str, Any]], told: str) -> None:
    assert count_true(bodies) == told


def test_a_state_that_cannot_be_asked_yet_is_left_out() -> None:
    answers: Iterator[KubectlError | str] = iter([KubectlError("no such kind"), "1 of 3", "2 of 3"])
    told: list[str] = []
    enough = threading.Event()

    def state() -> str:
        answer = next(answers, "3 of 3")
        if isinstance(answer, KubectlError):
            raise answer
        return answer

    def show(text: str) -> None:
        told.append(text)
        if len(told) == 2:
            enough.set()

    with telling(state, show, every=0.01):
        assert enough.wait(5)
    assert told[:2] == ["1 of 3", "2 of 3"]
