"""The record keeps everything in order, finds what is asked for and never loses anything in silence."""

import pytest

from e2e.mailnet.events import Details, EventLog, Filter, Outcome, Tally
from tests.unit.mailnet.given import Clock


def filled(clock: Clock, *, capacity: int = 100) -> EventLog:
    log = EventLog(capacity=capacity, wall=clock, mono=clock)
    for number in range(6):
        log.add(
            Details(
                provider="google" if number % 2 else "yahoo",
                source=f"198.51.100.{11 + number % 3}",
                session=number,
                recipient="x@GMAIL.com",
                message_id=f"<run{number // 3}-{number}@x>",
                outcome=Outcome.ACCEPTED if number else Outcome.DEFERRED,
                reply="250 OK" if number else "450 no",
            )
        )
        clock.now += 1
    return log


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Filter(), [0, 1, 2, 3, 4, 5]),
        (Filter(since=1003), [3, 4, 5]),
        (Filter(after=4), [5]),
        (Filter(message_id_prefix="run1-"), [3, 4, 5]),
        (Filter(provider="yahoo", outcome="accepted"), [2, 4]),
        (Filter(source="198.51.100.12"), [1, 4]),
    ],
)
def test_filters(clock: Clock, wanted: Filter, numbers: list[int]) -> None:
    assert [event.seq for event in filled(clock).select(wanted)] == numbers


def test_counts_by_fields_and_their_derivations(clock: Clock) -> None:
    tally = Tally(("provider", "domain", "code"))
    for event in filled(clock).select(Filter()):
        tally.add(event)
    assert tally.groups == {
        ("google", "gmail.com", "250"): 3,
        ("yahoo", "gmail.com", "250"): 2,
        ("yahoo", "gmail.com", "450"): 1,
    }


def test_duplicates_are_the_difference_to_the_distinct(clock: Clock) -> None:
    tally = Tally(())
    event = next(filled(clock).select(Filter()))
    tally.add(event)
    tally.add(event._replace(seq=7))
    assert tally.total == (2, 1)


def test_fields_that_do_not_exist_are_refused() -> None:
    with pytest.raises(ValueError, match="colour"):
        Tally(("colour",))


def test_overflow_is_counted(clock: Clock) -> None:
    log = filled(clock, capacity=4)
    assert (len(log.events), log.lost) == (4, 2)
    assert log.clear() == 4
    assert (len(log.events), log.lost) == (0, 0)


def test_sequence_numbers_go_on_after_a_clear(clock: Clock) -> None:
    log = filled(clock)
    log.clear()
    log.add(Details(provider="google", source="198.51.100.11", session=1))
    assert [event.seq for event in log.events] == [6]
