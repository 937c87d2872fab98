"""Transition times stay while a status stays; transitions are what changed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from smtppool.kube.status import transitions, with_times
from smtppool.policy.verdict import format_time

NOW = datetime(2026, 11, 21, 12, 0, 0, 999999, UTC)
THEN, EARLIER = "2026-11-21T12:00:00Z", "2026-01-01T00:00:00Z"


def condition(status: str, reason: str = "Because", *, at: str | None = None, kind: str = "Ready") -> dict[str, Any]:
    words = {"type": kind, "status": status, "reason": reason, "message": f"{status} 1", "observedGeneration": 3}
    return words | ({"lastTransitionTime": at} if at else {})


@pytest.mark.parametrize(
    ("title", "before", "after", "at", "moves"),
    [
        ("new", [], condition("True"), THEN, [("True", THEN, True)]),
        ("same", [condition("True", at=EARLIER)], condition("True"), EARLIER, []),
        ("another reason", [condition("True", "Old", at=EARLIER)], condition("True"), EARLIER, [("True", THEN, False)]),
        ("another status", [condition("False", at=EARLIER)], condition("True"), THEN, [("True", THEN, False)]),
        ("another type", [condition("True", at=EARLIER, kind="Warm")], condition("True"), THEN, [("True", THEN, True)]),
    ],
)  # fmt: skip
def test_conditions(
    title: str, before: list[dict[str, Any]], after: dict[str, Any], at: str, moves: list[tuple[str, str, bool]]
) -> None:
    timed = with_times([after], before, now=NOW)
    assert timed == [{**after, "lastTransitionTime": at}]
    told = [(move.status, move.at, move.first) for move in transitions(timed, before, now=NOW)]
    assert told == moves


def test_a_changed_message_alone_is_no_transition() -> None:
    before = condition("True", at=EARLIER)
    after = with_times([{**condition("True"), "message": "True 2"}], [before], now=NOW)
    assert list(transitions(after, [before], now=NOW)) == []


def test_timestamp_is_what_kubernetes_writes() -> None:
    assert format_time(NOW) == THEN
