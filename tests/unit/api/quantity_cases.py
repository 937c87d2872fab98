"""The part of the table (`cases.py`) about what may be written as a number or as text: resources of a pod.

Without a limit of its own for each of the two forms such a field takes text of any length and form.
"""

from smtppool.api.scheduling import QUANTITY_PATTERN
from tests.unit.api.table import Case, pool


def _memory(title: str, value: object, *says: str) -> Case:
    return pool(f"memory: {title}", "pod.resources.postfix.limits.memory", value, *says)


BAD = (
    _memory("GB", "1GB", "should match", QUANTITY_PATTERN),
    _memory("K instead of Ki or k", "1K", "should match"),
    _memory("an exponent", "1e9", "should match"),
    _memory("a sign", "+1Gi", "should match"),
    _memory("-1Gi", "-1Gi", "should match"),
    _memory("a newline at the end", "1Gi\n", "should match"),
    _memory("empty", "", "should match"),
    _memory("a third of a MiB of text", "1" * 350_000, "may not be more than 32"),
    _memory("33 characters", f"{'0' * 15}.{'0' * 15}Gi", "may not be more than 32"),
    _memory("16 digits", "1" * 16, "should match"),
    _memory("a number of 16 digits", 10**15, "should be less than or equal to"),
    _memory("-1", -1, "should be greater than or equal to 0"),
    _memory("a fraction as a number", 1.5, "must be of type"),
    _memory("true", True, "must be of type"),
    _memory("a map", {}, "must be of type"),
    pool("quantities: 17 resources", "pod.resources.agent.requests", {f"r{n}": 1 for n in range(17)}, "at most 16"),
)

FINE = (
    _memory("0.5Gi", "0.5Gi"),
    _memory("bytes as text", "1073741824"),
    _memory("bytes as a number", 1073741824),
    _memory("15 digits as a number", 10**15 - 1),
    _memory("none", 0),
    *(
        _memory(f"with {unit}", f"1{unit}")
        for unit in ("k", "Ki", "M", "Mi", "G", "Gi", "T", "Ti", "P", "Pi", "E", "Ei")
    ),
    pool("cpu of 500m", "pod.resources.agent.requests", {"cpu": "500m", "ephemeral-storage": "1Gi"}),
    pool("cpu as a number", "pod.resources.agent.requests", {"cpu": 1}),
)
