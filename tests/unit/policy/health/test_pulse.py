"""Who counts as there."""

from datetime import timedelta

import pytest

from smtppool.policy.health.pulse import LASTING, Pulse
from tests.unit.policy.health.facts import NOW


@pytest.mark.parametrize(
    ("name", "looks", "alive"),
    [
        ("always up", [(0, True), (60, True)], True),
        ("a blink", [(0, True), (1, False), (5, False), (6, True), (60, True)], True),
        ("blinks that do not add up", [(0, True), (1, False), (6, True), (7, False), (12, False)], True),
        ("down", [(0, True), (1, False), (11, False)], False),
        ("down at first sight", [(0, False)], False),
        ("back for a moment", [(0, False), (1, True), (8, True), (9, False), (12, True)], False),
        ("back", [(0, False), (1, True), (11, True)], True),
        ("a clock that was set back", [(0, True), (1, False), (-3600, False), (-3590, False)], False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_pulse(name: str, looks: list[tuple[int, bool]], alive: bool) -> None:
    pulse = Pulse(looks[0][1])
    for second, up in looks[1:]:
        pulse = pulse.seen(up=up, now=NOW + timedelta(seconds=second))
    assert pulse.alive is alive


def test_a_doubt_asks_for_the_next_look() -> None:
    assert Pulse(alive=True).due is None
    assert Pulse(alive=True).seen(up=False, now=NOW).due == NOW + LASTING
