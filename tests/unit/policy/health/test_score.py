"""The score: its curves as a table, its promises as properties."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.policy.health import wilson
from smtppool.policy.health.counters import DAY, HOUR, MINUTE, Counts, ExternalSignal, Window, Windows, total
from smtppool.policy.health.gates import in_force
from smtppool.policy.health.score import Score, score
from tests.unit.policy.health.facts import NOW, counts, settings, windows

SETTINGS = settings()
RESPONSE_TIME_ALONE = {"delivery": 0, "bounce": 0, "responseTime": 100, "uptime": 0}
MANY = 1_000_000  # the bound is the rate itself, nearly


def scored(found: Windows, *, uptime: float | None = 1.0, signals: Any = (), **fields: Any) -> Score | None:
    return score(found, uptime=uptime, signals=signals, settings=settings(**fields), now=NOW)


def value(found: Windows, **fields: Any) -> float:
    result = scored(found, **fields)
    assert result is not None
    return result.value


def signal(number: float, age: timedelta = timedelta()) -> ExternalSignal:
    return ExternalSignal(number, "snds", NOW - age, timedelta(hours=1))


@pytest.mark.parametrize(
    ("percent", "expected"),
    [(0, 100), (1, 100), (2, 87.5), (3, 75), (3.6, 67.5), (5, 50), (10, 40), (20, 30), (100, 17.6)],
)
def test_bounces(percent: float, expected: float) -> None:
    charged = round(MANY * percent / 100)
    assert value(windows(counts(MANY - charged, charged))) == pytest.approx(expected, abs=0.7)


@pytest.mark.parametrize(("percent", "out"), [(3.2, False), (3.7, True)])
def test_a_score_below_70_agrees_with_the_3_percent_rule(percent: float, out: bool) -> None:
    charged = round(MANY * percent / 100)
    assert (value(windows(counts(MANY - charged, charged))) < SETTINGS.remove_below) is out


@pytest.mark.parametrize(
    ("name", "found", "fields", "expected"),
    [
        ("a list purge of 10 %", windows(counts(90_000, listed=10_000)), {}, 99.8),
        ("slow answers", windows(counts(seconds=30)), {}, 85),
        ("rather slow", windows(counts(seconds=16.5)), {}, 92.5),
        ("down for 5 %", windows(counts()), {"uptime": 0.95}, 85),
        ("uptime unknown", windows(counts(seconds=30)), {"uptime": None}, 100 * 70 / 85),
        ("two bounces of fifty", windows(counts(48, 2)), {}, 98.7),
        ("too few to say", windows(counts(49)), {}, None),
        ("no mail", (), {}, None),
        ("own weights", windows(counts(seconds=30)), {"weights": RESPONSE_TIME_ALONE}, 0),
    ],
    ids=lambda found: found if isinstance(found, str) else "",
)  # fmt: skip
def test_table(name: str, found: Windows, fields: dict[str, Any], expected: float | None) -> None:
    result = scored(found, **fields)
    assert (None if result is None else result.value) == (
        None if expected is None else pytest.approx(expected, abs=0.05)
    )


def test_an_external_signal_lowers_until_its_ttl() -> None:
    good = windows(counts())
    assert value(good, signals=[signal(35), signal(60)]) == 35
    assert value(good, signals=[signal(35, age=timedelta(hours=2))]) == 100
    assert value((), signals=[signal(35)]) == 35
    assert "external signal 35 from snds" in (scored(good, signals=[signal(35)]) or Score(0)).parts


def test_shown_is_rounded_down() -> None:
    assert (Score(69.7).shown, Score(70.0).shown) == (69, 70)


def test_a_short_window_refutes_a_long_one() -> None:
    found = windows(counts(2000, 2), hour=counts(9000, 1000))
    assert [window.name for window in in_force(found, SETTINGS)] == ["1 min"]
    assert len(in_force(windows(counts(20), hour=counts(9000, 1000)), SETTINGS)) == 3


SMALL = st.builds(
    counts,
    st.integers(0, 3000),
    st.integers(0, 300),
    listed=st.integers(0, 300),
    deferred=st.integers(0, 300),
    seconds=st.floats(0, 100),
)


@st.composite
def nested(draw: Any) -> Windows:
    """Windows of a day: each holds the shorter ones."""
    minute, hour, day = draw(SMALL), draw(SMALL), draw(SMALL)
    return (
        Window(MINUTE, minute),
        Window(HOUR, total([minute, hour])),
        Window(DAY, total([minute, hour, day])),
    )


@given(nested(), st.none() | st.floats(0, 1))
def test_within_0_and_100(found: Windows, uptime: float | None) -> None:
    result = scored(found, uptime=uptime)
    assert result is None or 0 <= result.value <= 100


@given(nested(), st.integers(1, 200))
def test_monotone_in_bounces(found: Windows, more: int) -> None:
    def judged(extra: int) -> float:
        worse = [Window(length, total([was, Counts(bounced={"SpamBlock": extra})])) for length, was in found]
        result = scored(in_force(tuple(worse), SETTINGS))
        return 100.0 if result is None else result.value

    assert judged(more) <= judged(0) + 1e-9


@given(nested(), st.lists(st.builds(signal, st.floats(-50, 200), st.timedeltas(timedelta(), timedelta(hours=2)))))
def test_an_external_signal_never_raises(found: Windows, signals: list[ExternalSignal]) -> None:
    plain, lowered = scored(found), scored(found, signals=signals)
    if plain is not None:
        assert lowered is not None
        assert lowered.value <= plain.value


@given(st.integers(0, 2000), st.integers(1, 2000), st.floats(0.5, 5))
def test_wilson_bounds_enclose_the_rate(hits: int, misses: int, z: float) -> None:
    samples = hits + misses
    low, high = wilson.lower(hits, samples, z), wilson.upper(hits, samples, z)
    assert 0 <= low <= hits / samples + 1e-12
    assert hits / samples - 1e-12 <= high <= 1
    assert wilson.lower(hits + 1, samples + 1, z) >= low
