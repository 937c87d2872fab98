"""Healthy, as status and people read it."""

from typing import Any

from smtppool.control.conditions.healthy import healthy, pool_healthy
from smtppool.control.scored import Scored
from smtppool.policy.health.counters import Counts, Observation
from smtppool.policy.health.decision import PoolState
from smtppool.policy.health.pool import decide
from smtppool.policy.health.settings import Settings
from smtppool.policy.verdict import Verdict
from tests.unit.policy.health.facts import BAD, GOOD, NOW, minutes, observation, settings, windows


def scored(*seen: Observation, given: Settings | None = None, after: float = 0) -> Scored:
    """The decision on these observations; after that many minutes the last of several, one a minute."""
    state, decision = PoolState(), None
    for minute in range(int(after) + 1):
        state, decision = decide(state, seen, given or settings(), NOW + minutes(minute))
    assert decision is not None
    return Scored(uid="uid", state=state, decision=decision)


def test_before_the_first_decision() -> None:
    assert healthy(None, "mx1")[:2] == pool_healthy(None)[:2] == ("Unknown", "NotEvaluated")


def test_a_member_without_mail_is_not_evaluated() -> None:
    found = scored(observation("mx1", counted=None))
    assert healthy(found, "mx1") == Verdict("Unknown", "NotEvaluated", "too few samples")
    assert pool_healthy(found)[:2] == ("Unknown", "NotEvaluated")


def test_a_good_member_has_a_score() -> None:
    found = scored(observation("mx1"), observation("mx2", counted=None))
    told = "score 100; not evaluated: complaints, block lists, PTR record"
    assert healthy(found, "mx1") == Verdict("True", "Healthy", told)
    assert pool_healthy(found) == Verdict("True", "Healthy", "no member breaks a limit")


def test_what_is_not_looked_at_is_never_passed_in_silence() -> None:
    looked_at: dict[str, Any] = {"complaints": (), "serious_listings": (), "ptr_matches": True}
    assert healthy(scored(observation("mx1", **looked_at)), "mx1").message == "score 100"
    young = observation("mx1", uptime=None, **looked_at)
    assert healthy(scored(young), "mx1").message == "score 100", "an hour later it would be another, after each restart"


def test_a_member_that_is_out_says_by_which_numbers() -> None:
    found = scored(observation("mx1", counted=BAD), observation("mx2"))
    told = "bounce 20 % of 2000 in 1 min, limit 3 %"
    assert healthy(found, "mx1") == Verdict("False", "BounceRate", told)
    assert pool_healthy(found) == Verdict("False", "MembersUnhealthy", f"mx1: {told}")


def test_a_member_on_probation_says_what_it_was_out_for() -> None:
    found = scored(observation("mx1", counted=BAD), observation("mx2"), observation("mx3"))
    back = found.state
    for minute in range(1, 17):
        back, decision = decide(back, [observation("mx1"), observation("mx2")], settings(), NOW + minutes(minute))
    verdict = healthy(Scored(uid="uid", state=back, decision=decision), "mx1")
    assert verdict[:2] == ("False", "Probation")
    assert "bounce 20 %" in verdict.message


def test_a_bad_member_that_must_stay_says_why() -> None:
    found = scored(observation("mx1", counted=BAD))
    verdict = healthy(found, "mx1")
    assert verdict[:2] == ("False", "BounceRate")
    assert verdict.message.endswith("; it stays: LastMember")
    assert pool_healthy(found)[:2] == ("False", "LastMember")


def test_a_member_that_is_bad_at_one_provider_names_it() -> None:
    seen = Observation(name="mx1", providers={"google": windows(GOOD), "yahoo": windows(BAD)}, uptime=1.0)
    found = scored(seen, observation("mx2"))
    verdict = healthy(found, "mx1")
    assert verdict[:2] == ("False", "BounceRate")
    assert "at yahoo" in verdict.message
    assert "google" not in verdict.message


def test_a_provider_on_probation_is_told_of_as_a_relay_is() -> None:
    found = excluded_at_yahoo(observation("mx1"), observation("mx2"), minutes_on=16)
    verdict = healthy(found, "mx1")
    assert verdict[:2] == ("False", "Probation")
    assert verdict.message.startswith("mx1 at yahoo is on probation; it was out for: bounce 20 %")


def test_a_provider_that_returns_early_is_on_probation_too() -> None:
    found = excluded_at_yahoo(observation("mx1"), observation("mx2", barred="LanesClosed"), minutes_on=1)
    verdict = healthy(found, "mx1")
    assert verdict[:2] == ("False", "Probation")
    assert "returns early" in verdict.message


def test_probation_at_one_provider_hides_no_limit_that_is_broken_at_another() -> None:
    early = observation("mx1", providers={"google": windows(GOOD), "yahoo": windows(BAD)})
    late = observation("mx1", providers={"google": windows(BAD), "yahoo": windows(GOOD)})
    state, _ = decide(PoolState(), [late, observation("mx2")], settings(), NOW)
    for minute in range(1, 18):
        seen = early if minute == 17 else observation("mx1")
        state, decision = decide(state, [seen, observation("mx2")], settings(), NOW + minutes(minute))
    verdict = healthy(Scored(uid="uid", state=state, decision=decision), "mx1")
    assert verdict[:2] == ("False", "BounceRate")


def excluded_at_yahoo(*then: Observation, minutes_on: int) -> Scored:
    """The decision so many minutes after mx1 was excluded there."""
    seen = observation("mx1", providers={"google": windows(GOOD), "yahoo": windows(BAD)})
    state, decision = decide(PoolState(), [seen, observation("mx2")], settings(), NOW)
    for minute in range(1, minutes_on + 1):
        state, decision = decide(state, then, settings(), NOW + minutes(minute))
    return Scored(uid="uid", state=state, decision=decision)


def test_a_server_that_is_new_since_the_decision() -> None:
    assert healthy(scored(observation("mx1")), "mx9")[:2] == ("Unknown", "NotEvaluated")


def test_few_samples_are_no_verdict() -> None:
    found = scored(observation("mx1", counted=Counts(delivered=20, bounced={"SpamBlock": 1})))
    assert healthy(found, "mx1").status == "Unknown"
