"""When attempts to reach silent pods are forgotten: at once, a few times more, and then no longer."""

from smtppool.node.attempts import MOMENTS, Attempts


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def looks(attempts: Attempts, clock: Clock, *, seconds: float, silent: tuple[str, ...]) -> list[float]:
    """Seconds from now at which the first address is looked for, asked every half second."""
    begun, found = clock.now, []
    while clock.now < begun + seconds:
        if silent[0] in attempts.due(silent):
            found.append(clock.now - begun)
        clock.now += 0.5
    return found


def test_each_moment_counts_once() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    assert looks(attempts, clock, seconds=60, silent=("10.0.0.1",)) == list(MOMENTS)


def test_another_address_has_its_own_moments_and_a_late_look_is_one() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    assert attempts.due(("10.0.0.1",)) == ["10.0.0.1"]
    clock.now += 3
    assert attempts.due(("10.0.0.1", "10.0.0.2")) == ["10.0.0.1", "10.0.0.2"]
    assert attempts.due(("10.0.0.1", "10.0.0.2")) == []


def test_an_address_that_is_named_again_begins_anew() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    looks(attempts, clock, seconds=60, silent=("10.0.0.1",))
    assert attempts.due(()) == []
    assert attempts.due(("10.0.0.1",)) == ["10.0.0.1"]


async def test_nothing_named_is_nothing_to_wait_for() -> None:
    assert await Attempts().turn(()) is None
