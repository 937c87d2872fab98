"""Sliding windows: how long something is seen, what survives a restart, and that no count is lost or made up."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtppool.agent.windows import SPANS, Cell, Windows
from smtppool.api.outcomes import MAX_PROVIDERS, OTHER, Outcomes, WindowName

START = 1_763_740_800 + 7  # in the middle of buckets


class Clock:
    """Seconds that a test sets."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def seen(windows: Windows, provider: str = "google") -> dict[str, int]:
    """Delivered by window."""
    for one in windows.shown():
        if one.provider == provider:
            return {name.value: counts.delivered for name, counts in one.windows.items()}
    return {}


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (0, {"15s", "1m", "1h", "24h"}),
        (13, {"15s", "1m", "1h", "24h"}),
        (15, {"1m", "1h", "24h"}),
        (58, {"1m", "1h", "24h"}),
        (60, {"1h", "24h"}),
        (58 * 60, {"1h", "24h"}),
        (60 * 60, {"24h"}),
        (23 * 3600 + 44 * 60, {"24h"}),
        (24 * 3600, set()),
    ],
)
@pytest.mark.parametrize("late", [False, True], ids=["waited", "read late"])
def test_how_long_something_is_seen(clock: Clock, age: int, expected: set[str], late: bool) -> None:
    windows = Windows(clock)
    if late:
        clock.now += age
    windows.add(START, {"google": Cell(delivered=3)})
    clock.now = START + age
    assert seen(windows) == dict.fromkeys(expected, 3)


def test_what_is_shown_is_made_anew_only_when_it_changed(clock: Clock) -> None:
    windows = Windows(clock)
    windows.add(START, {"google": Cell(delivered=1)})
    first = windows.shown()
    clock.now += 5
    assert windows.shown() is first
    clock.now += 10
    assert windows.shown() != first


def test_a_second_in_the_future_is_now(clock: Clock) -> None:
    windows = Windows(clock)
    windows.add(START + 1000, {"google": Cell(delivered=1)})
    clock.now += 61
    assert set(seen(windows)) == {"1h", "24h"}


def test_all_counts_are_shown_and_classes_without_a_count_are_not(clock: Clock) -> None:
    windows = Windows(clock)
    cell = Cell(delivered=1, deferred=2, responses=3, response_ms=4, tls=5, bounced={"SpamBlock": 6, "QuotaIssues": 0})
    windows.add(START, {"yahoo": cell})
    (shown,) = windows.shown()
    assert shown.dump()["windows"]["15s"] == {
        "delivered": 1, "deferred": 2, "responses": 3, "responseMs": 4, "tls": 5, "bounced": {"SpamBlock": 6},
    }  # fmt: skip


def test_more_providers_than_a_report_holds_are_other(clock: Clock) -> None:
    windows = Windows(clock)
    windows.add(START, {f"p{number}": Cell(delivered=1) for number in range(100)})
    shown = windows.shown()
    assert len(shown) == MAX_PROVIDERS
    assert [one.provider for one in shown] == sorted(one.provider for one in shown)
    assert seen(windows, OTHER)["24h"] == 100 - (MAX_PROVIDERS - 1)


EVENTS = st.lists(
    st.tuples(st.integers(0, 90_000), st.sampled_from(["google", "yahoo"]), st.sampled_from(["", "SpamBlock", "X"])),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(EVENTS, st.integers(0, 3000))
def test_counts_are_those_of_the_buckets_also_after_restarts(events: list[tuple[int, str, str]], pause: int) -> None:
    """Against the definition: what lies in the newest length/width buckets."""
    clock = Clock()
    windows = Windows(clock)
    for number, (age, provider, cls) in enumerate(sorted(events, reverse=True)):
        clock.now = max(clock.now, START + 90_000 - age)
        windows.add(START + 90_000 - age, {provider: cell_of(cls)})
        if number % 20 == 7:
            windows = reborn(windows, clock)
    clock.now = START + 90_000 + pause
    assert told(reborn(windows, clock)) == told(windows) == expected(events, clock.now)


def cell_of(cls: str) -> Cell:
    return Cell(bounced={cls: 1}) if cls else Cell(delivered=1, tls=1)


def reborn(windows: Windows, clock: Clock) -> Windows:
    new = Windows(clock)
    new.restore(json.loads(json.dumps(windows.dump())))
    return new


def told(windows: Windows) -> dict[tuple[str, str], tuple[int, dict[str, int]]]:
    shown: Outcomes = windows.shown()
    return {
        (one.provider, name.value): (counts.delivered, counts.bounced)
        for one in shown
        for name, counts in one.windows.items()
    }


def expected(events: list[tuple[int, str, str]], now: int) -> dict[tuple[str, str], tuple[int, dict[str, int]]]:
    found: dict[tuple[str, str], tuple[int, dict[str, int]]] = {}
    for span in SPANS:
        for age, provider, cls in events:
            at = START + 90_000 - age
            if now // span.width - at // span.width < span.length // span.width:
                delivered, bounced = found.get((provider, span.name.value), (0, {}))
                if cls:
                    bounced = {**bounced, cls: bounced.get(cls, 0) + 1}
                found[provider, span.name.value] = (delivered + (not cls), bounced)
    return found


@pytest.mark.parametrize(
    "broken",
    [{}, {"15s": {}}, {name.value: {"x": {}} for name in WindowName}, {w.value: {"1": {"a": [1]}} for w in WindowName}],
)
def test_a_broken_file_is_refused(clock: Clock, broken: dict[str, Any]) -> None:
    clock.now = 1
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        Windows(clock).restore(broken)
