"""Uptime: time that was seen, of a relay that was meant to serve."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.policy.health.uptime import SPAN, Uptime
from tests.unit.policy.health.facts import NOW

STEP = timedelta(seconds=60)


def watched(looks: Sequence[bool | None], *, step: timedelta = STEP) -> Uptime:
    """One look after another."""
    uptime = Uptime()
    for number, up in enumerate(looks):
        uptime = uptime.seen(up=up, now=NOW + number * step)
    return uptime


def test_an_hour_is_needed() -> None:
    assert watched([True] * 60).share is None
    assert watched([True] * 61).share == 1.0


def test_the_share_of_a_day() -> None:
    assert watched([True] * 90 + [False] * 10 + [True]).share == pytest.approx(0.9)


def test_time_in_which_it_was_not_meant_to_serve_is_no_evidence() -> None:
    assert watched([True] * 61 + [None] * 600 + [True]).share == 1.0


def test_a_gap_is_no_evidence() -> None:
    """An operator that was away for an hour knows nothing of that hour."""
    uptime = watched([True] * 61).seen(up=False, now=NOW + timedelta(hours=3))
    assert uptime.share == 1.0
    assert uptime.seen(up=True, now=NOW + timedelta(hours=3, seconds=60)).share == pytest.approx(60 / 61)


def test_a_day_ago_is_forgotten() -> None:
    uptime = watched([False] * 61)
    assert uptime.share == 0.0
    for number in range(70):
        uptime = uptime.seen(up=True, now=NOW + SPAN + timedelta(hours=2) + number * STEP)
    assert uptime.share == 1.0
    assert len(uptime.buckets) < 10


@given(st.lists(st.tuples(st.sampled_from([True, False, None]), st.integers(-4000, 4000)), max_size=200))
def test_clocks_that_jump_never_give_a_wrong_share(looks: list[tuple[bool | None, int]]) -> None:
    uptime, now = Uptime(), NOW
    for up, seconds in looks:
        now += timedelta(seconds=seconds)
        uptime = uptime.seen(up=up, now=now)
        assert uptime.share is None or 0.0 <= uptime.share <= 1.0
