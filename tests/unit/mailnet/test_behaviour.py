"""Rules strike as often as they state, for whom they state, in the order in which they stand."""

from itertools import count

import pytest

from e2e.mailnet.behaviour import PASS, Attempt
from e2e.mailnet.script import Deed, Stage
from e2e.mailnet.sink import Sink
from tests.unit.mailnet.given import Clock, script

A, B = "198.51.100.11", "198.51.100.12"
_numbers = count()


def attempt(source: str = A, recipient: str = "x@gmail.com", sender: str = "") -> Attempt:
    return Attempt(source, sender or f"s{next(_numbers)}@example.com", (recipient,))


def struck(sink: Sink, times: int, stage: Stage = Stage.RCPT, **who: str) -> int:
    return sum(sink.judge(stage, attempt(**who)).deed is not None for _ in range(times))


@pytest.mark.parametrize(
    ("share", "times", "strikes"), [("5%", 200, 10), ("0.3%", 1000, 3), ("33%", 100, 33), ("100%", 7, 7)]
)
def test_counted_shares_are_exact(google: Sink, share: str, times: int, strikes: int) -> None:
    script(google, {"at": "rcpt", "share": share, "reply": "unknown"})
    assert struck(google, times) == strikes


def test_counted_shares_are_spread(google: Sink) -> None:
    script(google, {"at": "rcpt", "share": "25%", "reply": "unknown"})
    assert [struck(google, 4) for _ in range(5)] == [1] * 5


def test_hashed_shares_hit_the_same_attempts_again(google: Sink) -> None:
    script(google, {"at": "rcpt", "share": "20%", "pick": "hash", "seed": "s", "reply": "full"})
    attempts = [attempt() for _ in range(1000)]
    first, second = ([google.judge(Stage.RCPT, one).deed is not None for one in attempts] for _ in range(2))
    assert first == second
    assert 140 < sum(first) < 260


def test_rate_admits_no_more_than_the_limit_in_any_window(google: Sink, clock: Clock) -> None:
    script(google, {"at": "rcpt", "above": "3/s", "reply": "rate"})
    assert struck(google, 5) == 2
    clock.now += 0.9
    assert struck(google, 1) == 1
    clock.now += 0.2
    assert struck(google, 4) == 1


@pytest.mark.parametrize(("per", "strikes_of_b"), [("source", 0), ("provider", 3)])
def test_rate_counts_by_source_or_over_all(google: Sink, per: str, strikes_of_b: int) -> None:
    script(google, {"at": "rcpt", "above": "3/h", "per": per, "reply": "rate"})
    assert struck(google, 3, source=A) == 0
    assert struck(google, 3, source=B) == strikes_of_b


def test_greylist_lets_the_same_triplet_in_after_the_delay(google: Sink, clock: Clock) -> None:
    script(google, {"at": "rcpt", "greylist": "60s", "reply": "greylist"})
    known = attempt(sender="known@example.com")
    assert google.judge(Stage.RCPT, known).reply == "451 4.7.1 <x@gmail.com>: Greylisted, please try again later"
    clock.now += 60
    assert google.judge(Stage.RCPT, known) == PASS
    assert google.judge(Stage.RCPT, known._replace(source=B)).deed is Deed.REPLY


def test_block_concerns_the_named_sources(google: Sink) -> None:
    script(google, {"at": "connect", "sources": [A, "198.51.100.32/28"], "reply": "block"})
    blocked = [source for source in (A, B, "198.51.100.33") if struck(google, 1, Stage.CONNECT, source=source)]
    assert blocked == [A, "198.51.100.33"]
    assert "550 5.7.1 likely unsolicited mail" in google.judge(Stage.CONNECT, attempt(A)).reply


def test_recipients_are_found_by_pattern(google: Sink) -> None:
    script(google, {"at": "rcpt", "recipients": "^bounce-", "reply": "unknown"})
    assert struck(google, 1, recipient="Bounce-7@gmail.com") == 1
    assert struck(google, 1, recipient="a@gmail.com") == 0


def test_delays_add_up_and_the_first_that_strikes_decides(google: Sink) -> None:
    script(
        google,
        {"at": "rcpt", "delay": "500ms"},
        {"at": "rcpt", "sources": [B], "reply": "450 4.0.0 first"},
        {"at": "rcpt", "delay": "1s"},
        {"at": "rcpt", "reply": "450 4.0.0 second"},
    )
    assert google.judge(Stage.RCPT, attempt(B))[1:] == ("450 4.0.0 first", 0.5)
    assert google.judge(Stage.RCPT, attempt(A))[1:] == ("450 4.0.0 second", 1.5)


def test_new_rules_start_with_an_empty_memory(google: Sink) -> None:
    for _ in range(2):
        script(google, {"at": "rcpt", "above": "2/h", "reply": "rate"})
        assert struck(google, 3) == 1
