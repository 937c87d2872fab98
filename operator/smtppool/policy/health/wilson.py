"""Wilson score interval: which share a count still allows, so that two bounces of fifty are no 4 %."""

from math import sqrt


def lower(hits: float, samples: float, z: float) -> float:
    """Smallest share (0..1) that `hits` of `samples` admit at `z` standard deviations; 0 without samples."""
    if hits <= 0 or samples <= 0:
        return 0.0
    centre, spread = _interval(hits / samples, samples, z)
    return max(0.0, centre - spread)


def upper(hits: float, samples: float, z: float) -> float:
    """Largest such share; 1 without samples."""
    if samples <= 0:
        return 1.0
    centre, spread = _interval(hits / samples, samples, z)
    return min(1.0, centre + spread)


def _interval(share: float, samples: float, z: float) -> tuple[float, float]:
    square = z * z / samples
    centre = (share + square / 2) / (1 + square)
    spread = z * sqrt((share * (1 - share) + square / 4) / samples) / (1 + square)
    return centre, spread
