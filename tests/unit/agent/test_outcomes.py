"""Fates once per recipient, and what an expiry is the fate of; bounded, and kept over a restart."""

import json

import pytest

from smtppool.agent.outcomes import Outcomes

A, B = b"4gZq1x2Y3Zz9", b"4gZq1x2Y3Zy8"


def reborn(outcomes: Outcomes) -> Outcomes:
    new = Outcomes()
    new.restore(json.loads(json.dumps(outcomes.dump())))
    return new


@pytest.mark.parametrize("restarts", [False, True], ids=["same process", "restarted"])
def test_a_fate_is_told_once_per_recipient_of_a_message(restarts: bool) -> None:
    outcomes = Outcomes()
    assert outcomes.first(A, b"bob@x")
    outcomes.deferred(A, b"eve@x", "google")
    outcomes.deferred(A, b"bob@x", "google")
    outcomes.empty_sender(B)
    outcomes = reborn(outcomes) if restarts else outcomes
    assert not outcomes.first(A, b"bob@x")
    assert outcomes.first(B, b"bob@x")
    assert (outcomes.is_notification(A), outcomes.is_notification(B)) == (False, True)
    assert outcomes.expired(A) == ["google"]
    assert outcomes.expired(A) == []
    assert not outcomes.first(A, b"eve@x")
    outcomes.forget(A)
    assert outcomes.first(A, b"bob@x")


def test_what_is_known_is_bounded() -> None:
    few = Outcomes(messages=2)
    for number in range(5):
        assert few.first(f"id000{number}".encode(), b"bob@x")
    assert [few.first(f"id000{number}".encode(), b"bob@x") for number in (4, 3, 0)] == [False, False, True]
    small = Outcomes(recipients=10)
    for number in range(100):
        small.deferred(b"large1", b"%d@x" % number, "google")
    assert len(small.expired(b"large1")) == 100  # the only message stays whole
    small.deferred(b"small1", b"bob@x", "yahoo")
    assert small.expired(b"large1") == []
    assert small.expired(b"small1") == ["yahoo"]


@pytest.mark.parametrize("broken", [[], {"x": 1}, {"x": [1, 2]}, {"x": [False, ["y"], {}]}, {"x": [False, [], []]}])
def test_a_broken_file_is_refused(broken: object) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        Outcomes().restore(broken)  # type: ignore[arg-type]
