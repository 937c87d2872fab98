"""The place of each member in the rotation after a start of HAProxy."""

import pytest

from smtppool.agent import rotation


@pytest.mark.parametrize(
    ("weights", "needed"),
    [
        ([10, 5, 3], False),
        ([100, 50, 1], True),
        ([5], False),
        ([0, 0], False),
        ([256, 0], False),
        ([1] * 8, True),
    ],
)
def test_only_a_turn_that_comes_seldom_is_worth_it(weights: list[int], needed: bool) -> None:
    assert rotation.needed({str(number): weight for number, weight in enumerate(weights)}) is needed


def test_places_differ_between_pods_and_stay_after_a_restart() -> None:
    places = [rotation.place("10.0.0.1", seed=f"pod-{number}") for number in range(1000)]
    assert 0.45 < sum(places) / len(places) < 0.55
    assert rotation.place("10.0.0.1", seed="pod-1") == places[1]


def test_members_come_up_in_the_order_of_their_places_and_those_without_weight_do_not() -> None:
    weights = {"a": 100, "b": 50, "c": 1, "d": 0}
    names = {"a": "slot1", "b": "slot2", "c": "slot3", "d": "slot4"}
    commands = rotation.spread(weights, names, seed="pod")
    members = [command.split()[2] for command in commands if "rotor" not in command]
    order = sorted("abc", key=lambda one: rotation.place(one, seed="pod"))
    assert members == [f"members/{names[one]}" for one in order]
    assert len(commands) == 6
    fillers = [int(command.split()[-1]) for command in commands if "rotor" in command]
    assert all(1 <= filler <= 256 for filler in fillers)
