"""Durations, rates and ratios as scripts and command lines state them: `500ms`, `30/s`, `5%`.

One strict parser for all of them; what it cannot read is a ValueError that names the allowed form.
"""

import re
from fractions import Fraction
from typing import NamedTuple

_SECONDS = {"ms": 0.001, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_RATE = re.compile(r"(\d+)/(s|sec|m|min|h|d)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")


class Rate(NamedTuple):
    """At most `limit` events in any `window` seconds."""

    limit: int
    window: float

    @property
    def per_second(self) -> float:
        """The same rate, smoothed."""
        return self.limit / self.window


def duration(text: str) -> float:
    """Seconds of a Go duration such as `500ms` or `1m30s`."""
    parts = list(_DURATION.finditer(text))
    if not parts or "".join(part.group(0) for part in parts) != text:
        raise ValueError(f"{text!r} is not a duration: use 500ms, 5s, 1m30s")
    return sum(float(part.group(1)) * _SECONDS[part.group(2)] for part in parts)


def rate(text: str) -> Rate:
    """A rate such as `30/s`, `10/min` or `100/h`."""
    found = _RATE.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a rate: use 30/s, 10/min, 100/h")
    return Rate(limit=int(found.group(1)), window=_SECONDS[found.group(2)])


def ratio(text: str) -> Fraction:
    """An exact ratio between 0 and 1, stated as `5%`."""
    found = _PERCENT.fullmatch(text)
    share = Fraction(found.group(1)) / 100 if found else None
    if share is None or share > 1:
        raise ValueError(f"{text!r} is not a ratio: use 0% to 100%")
    return share
