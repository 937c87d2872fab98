"""A budget is spent in a burst and comes back one by one."""

from datetime import UTC, datetime, timedelta

from smtppool.kube.budget import REMEMBERED, Budget

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REFILL = timedelta(seconds=10)


def spent(budget: Budget[str], key: str, now: datetime, *, times: int) -> int:
    return sum(budget.spend(key, now) for _ in range(times))


def test_it_comes_back_one_by_one() -> None:
    budget = Budget[str](burst=5, refill=REFILL)
    assert spent(budget, "a", NOW, times=99) == 5
    assert spent(budget, "a", NOW + REFILL, times=99) == 1
    assert spent(budget, "a", NOW + timedelta(days=1), times=99) == 5, "never more than a burst"


def test_each_key_has_its_own() -> None:
    budget = Budget[str](burst=1, refill=REFILL)
    assert (spent(budget, "a", NOW, times=2), spent(budget, "b", NOW, times=2)) == (1, 1)


def test_a_clock_that_is_set_back_locks_nobody_out() -> None:
    budget = Budget[str](burst=5, refill=REFILL)
    assert spent(budget, "a", NOW, times=1) == 1
    before = NOW - timedelta(days=1)
    assert spent(budget, "a", before, times=99) == 0
    assert spent(budget, "a", before + REFILL, times=99) == 1


def test_it_does_not_grow_with_its_keys() -> None:
    budget = Budget[str](burst=1, refill=REFILL)
    for number in range(REMEMBERED + 9):
        assert budget.spend(str(number), NOW)
    assert budget.spend("0", NOW), "forgotten"
    assert not budget.spend(str(REMEMBERED), NOW)
