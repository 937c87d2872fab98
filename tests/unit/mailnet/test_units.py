"""Durations, rates and ratios are read strictly."""

from collections.abc import Callable
from fractions import Fraction

import pytest

from e2e.mailnet import units


@pytest.mark.parametrize(("text", "seconds"), [("500ms", 0.5), ("5s", 5), ("1m30s", 90), ("2h", 7200), ("0s", 0)])
def test_durations(text: str, seconds: float) -> None:
    assert units.duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "per_second"), [("30/s", 30), ("10/min", 10 / 60), ("100/h", 100 / 3600), ("86400/d", 1)]
)
def test_rates(text: str, per_second: float) -> None:
    assert units.rate(text).per_second == pytest.approx(per_second)


@pytest.mark.parametrize(
    ("text", "part"), [("5%", Fraction(1, 20)), ("0.3%", Fraction(3, 1000)), ("100%", Fraction(1))]
)
def test_ratios_are_exact(text: str, part: Fraction) -> None:
    assert units.ratio(text) == part


@pytest.mark.parametrize(
    ("reader", "text"),
    [(units.duration, text) for text in ("", "5", "s", "5 s", "-1s", "5x", "5s5")]
    + [(units.rate, text) for text in ("", "30", "30/x", "/s", "1.5/s")]
    + [(units.ratio, text) for text in ("", "5", "101%", "-1%", "%")],
)
def test_what_cannot_be_read_is_refused(reader: Callable[[str], object], text: str) -> None:
    with pytest.raises(ValueError, match="is not a"):
        reader(text)
