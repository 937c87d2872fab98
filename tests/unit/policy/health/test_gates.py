"""Which limits a look finds broken, and in which words."""

from datetime import timedelta
from typing import Any

import pytest

from smtppool.api.outcomes import Standing
from smtppool.policy.health.counters import BURST, HOUR, MINUTE, Complaint, Counts, ExternalSignal, Window, Windows
from smtppool.policy.health.examine import ServerState, examine
from smtppool.policy.health.gates import Cause, look
from smtppool.policy.health.track import Track, Wish
from tests.unit.policy.health.facts import BAD, GOOD, NOW, POOR, counts, observation, settings, windows

NONE: tuple[str, bool] | None = None
IN_AN_HOUR = (Window(MINUTE, Counts()), Window(HOUR, counts(779, 33)))


def first(found: Windows, provider: str | None = "yahoo", **fields: Any) -> tuple[Cause, str, bool] | None:
    seen = look(found, provider=provider, observation=observation(**fields), settings=settings(), now=NOW)
    return seen.findings[0] if seen.findings else None


@pytest.mark.parametrize(
    ("found", "message", "at_once"),
    [
        (IN_AN_HOUR, "bounce 4.1 % of 812 at yahoo in 1 h, limit 3 %", False),
        (windows(BAD), "bounce 20 % of 1000 at yahoo in 1 min, limit 3 %", True),
        ((Window(BURST, counts(44, 8)),), "bounce 15.4 % of 52 at yahoo in 15 s, limit 3 %", True),
        (windows(counts(100, deferred=900)), "deferral 90 % of 1000 at yahoo in 1 min, limit 50 %", False),
    ],
)
def test_reasons_name_the_numbers(found: Windows, message: str, at_once: bool) -> None:
    finding = first(found)
    assert finding is not None
    assert finding[1:] == (message, at_once)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("healthy", windows(GOOD)),
        ("too few", windows(counts(20, 29))),
        ("four of fifty may be chance", windows(counts(46, 4))),
        ("a list purge", windows(counts(900, listed=100))),
        ("nothing but a bad list", windows(counts(0, listed=1000))),
        ("greylisting", windows(counts(600, deferred=400))),
        ("over an hour ago", windows(counts(2000, 2), hour=counts(9000, 1000))),
    ],
)
def test_no_finding(name: str, found: Windows) -> None:
    assert first(found) is None


@pytest.mark.parametrize("name", ["InvalidRecipient", "InactiveMailbox", "BadDomain", "QuotaIssues"])
def test_list_quality_is_not_charged(name: str) -> None:
    assert first(windows(Counts(delivered=800, bounced={name: 200}))) is None


@pytest.mark.parametrize("name", ["SpamBlock", "PolicyRelated", "AuthenticationFailed", "no class that we know"])
def test_every_other_class_is(name: str) -> None:
    finding = first(windows(Counts(delivered=800, bounced={name: 200})))
    assert finding is not None
    assert finding[0] is Cause.BOUNCE


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"ptr_matches": False}, Cause.PTR),
        ({"serious_listings": ("zen.example.org",)}, Cause.LISTED),
        ({"complaints": (Complaint(0.003, "postmaster"),)}, Cause.COMPLAINT),
        ({"complaints": (Complaint(0.01, "fbl", samples=5000),)}, Cause.COMPLAINT),
        ({"signals": (ExternalSignal(35, "snds", NOW, timedelta(hours=1)),)}, Cause.SCORE),
        ({"complaints": (Complaint(0.0029, "postmaster"),)}, None),
        ({"complaints": (Complaint(0.01, "fbl", samples=100),)}, None),
        ({"complaints": (Complaint(0.01, "fbl", provider="yahoo"),)}, None),
        ({"ptr_matches": True, "serious_listings": (), "complaints": ()}, None),
        ({"ptr_matches": None, "serious_listings": None, "complaints": None}, None),
    ],
)
def test_optional_inputs_of_the_whole_relay(fields: dict[str, Any], cause: Cause | None) -> None:
    finding = first(windows(GOOD), None, **fields)
    assert (finding and finding[0]) == cause


def test_text_of_others_is_printable() -> None:
    finding = first(windows(BAD), "bad\nname")
    assert finding is not None
    assert "\n" not in finding[1]


@pytest.mark.parametrize(
    ("google", "yahoo", "wished"),
    [
        (GOOD, BAD, ["yahoo"]),
        (BAD, GOOD, ["google"]),
        (BAD, BAD, [None]),
        (BAD, None, [None]),
        (counts(10, 20), counts(10, 20), [None]),  # neither has enough samples, both together do
        (counts(98, 2), BAD, ["yahoo"]),
        (GOOD, GOOD, []),
    ],
    ids=["one provider", "the other", "both", "no other", "small ones", "two by chance", "none"],
)
def test_who_is_blamed(google: Counts, yahoo: Counts | None, wished: list[str | None]) -> None:
    providers = {"google": windows(google)} | ({} if yahoo is None else {"yahoo": windows(yahoo)})
    found = examine(observation(providers=providers), ServerState(), settings(), NOW)
    assert [name for name, step in found.wishes.items() if step.wish is Wish.CUT] == wished


def test_an_excluded_provider_is_not_held_against_the_relay() -> None:
    out = Track(standing=Standing.OUT, since=NOW, cuts=1)
    providers = {"google": windows(GOOD), "yahoo": windows(BAD)}
    found = examine(observation(providers=providers), ServerState(providers={"yahoo": out}), settings(), NOW)
    assert found.wishes == {}
    score = found.looks[None].score
    assert score is not None
    assert score.shown == 100


def test_poor_needs_several_looks() -> None:
    found = examine(observation(counted=POOR), ServerState(), settings(), NOW)
    assert found.wishes == {}
    assert found.state.relay.bad == 1
