"""Readers of the units in specs: durations, sizes, ratios. Only for texts that the models have accepted."""

from datetime import timedelta

_SIZE_FACTORS = {"": 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_DURATION_FACTORS = {"h": 3600, "m": 60, "s": 1}


def parse_duration(text: str) -> timedelta:
    """Go duration of whole hours, minutes, seconds (`"1h30m"`); ValueError for anything else."""
    total, digits = 0, ""
    for char in text:
        if char.isdigit():
            digits += char
        else:
            total, digits = total + int(digits) * _DURATION_FACTORS[char], ""
    if digits or not text:
        raise ValueError(f"not a duration: {text!r}")
    return timedelta(seconds=total)


def parse_size(text: str) -> int:
    """Bytes of a size such as `"25Mi"` or `"1000"`."""
    number = text.rstrip("KMGTi")
    return int(number) * _SIZE_FACTORS[text[len(number) :]]


def parse_ratio(text: str) -> float:
    """`"3%"` as 0.03."""
    return float(text.removesuffix("%")) / 100
