"""With which weights a killed HAProxy starts: as they were, but for the relay of its own pod."""

import pytest

from smtppool.agent.slots import Slot, State
from smtppool.agent.warmstart import warm_slots

OWN = "10.0.0.1"


def slot(address: str, weight: int, state: State = State.READY) -> Slot:
    return Slot(f"slot{address[-1]}", address, 10024, weight, state)


@pytest.mark.parametrize(
    ("held", "weights"),
    [
        ((slot(OWN, 10), slot("10.0.0.2", 5)), [0, 5]),
        ((slot(OWN, 10),), [10]),
        ((slot(OWN, 10), slot("10.0.0.2", 0)), [10, 0]),
        ((slot(OWN, 10), slot("10.0.0.2", 5, State.DRAIN)), [10, 0]),
        ((slot(OWN, 10), slot("10.0.0.2", 5, State.MAINT)), [10, 0]),
        ((slot("10.0.0.2", 5), slot("10.0.0.3", 3)), [5, 3]),
    ],
    ids=["another", "alone", "another without weight", "another drains", "another is out", "not among them"],
)
def test_the_own_relay_waits_while_another_serves(held: tuple[Slot, ...], weights: list[int]) -> None:
    assert [one.weight for one in warm_slots(held, own_address=OWN)] == weights
