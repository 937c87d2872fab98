"""Out, back and on probation: how many looks, how long."""

from datetime import timedelta
from typing import Any

import pytest

from smtppool.api.outcomes import Standing
from smtppool.policy.health.counters import MINUTE, Counts
from smtppool.policy.health.decision import ActionKind, PoolState
from smtppool.policy.health.examine import ServerState
from smtppool.policy.health.pool import decide
from smtppool.policy.health.record import recall, remember
from smtppool.policy.health.settings import Settings
from smtppool.policy.health.track import Track, fresh, pause
from tests.unit.policy.health.facts import (
    BAD,
    GOOD,
    NOW,
    POOR,
    counts,
    minutes,
    observation,
    settings,
    windows,
)

ROOMY = settings()


def play(
    mx1: list[Counts | None], *, each: timedelta = MINUTE, given: Settings = ROOMY, start: PoolState | None = None
) -> list[tuple[float, ActionKind, str]]:
    """A pool of two in which mx2 is fine: (minute, action, reason) of what was done to mx1."""
    state, done = start or PoolState(), []
    for number, counted in enumerate(mx1):
        now = NOW + number * each
        state, decision = decide(state, [observation("mx1", counted=counted), observation("mx2")], given, now)
        done += [((now - NOW) / minutes(1), action.kind, action.reason) for action in decision.actions]
    return done


TWICE = [BAD, *[None] * 15, BAD, BAD]
CUT, RETURN, RESTORE = ActionKind.CORDON, ActionKind.RETURN, ActionKind.RESTORE


@pytest.mark.parametrize(
    ("name", "counted", "expected"),
    [
        ("proven at once", [BAD], [(0, CUT, "BounceRate")]),
        ("likely, two looks", [POOR, POOR, GOOD, POOR, POOR], []),
        ("likely, three looks", [GOOD, POOR, POOR, POOR], [(3, CUT, "BounceRate")]),
        ("deferral, two looks", [counts(100, deferred=900)] * 2, []),
        ("deferral, three looks", [counts(100, deferred=900)] * 3, [(2, CUT, "DeferralRate")]),
        ("nothing known breaks a streak", [POOR, POOR, None, POOR, POOR], []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_looks(name: str, counted: list[Counts | None], expected: list[tuple[float, ActionKind, str]]) -> None:
    assert play(counted) == expected


def test_many_looks_within_a_minute_are_one() -> None:
    assert play([POOR] * 100, each=timedelta(seconds=1)) == []


@pytest.mark.parametrize(
    ("name", "counted", "expected"),
    [
        ("comes back", [BAD] + [None] * 15 + [GOOD] * 5, [(0, CUT), (15, RETURN), (18, RESTORE)]),
        ("is cut again", [BAD] + [None] * 15 + [BAD] * 5, [(0, CUT), (15, RETURN), (16, CUT)]),
        ("stays out while it is bad", [BAD] * 60, [(0, CUT)]),
        ("no mail on probation", [BAD] + [None] * 80, [(0, CUT), (15, RETURN), (75, RESTORE)]),
        ("twice the pause", [*TWICE, *[None] * 35], [(0, CUT), (15, RETURN), (16, CUT), (46, RETURN)]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_the_way_back(name: str, counted: list[Counts | None], expected: list[tuple[float, ActionKind]]) -> None:
    assert [found[:2] for found in play(counted)] == expected


def watched(
    phases: list[tuple[int, dict[str, Any]]], *, restarts: tuple[int, ...] = ()
) -> list[tuple[int, ActionKind]]:
    """mx1 is cut at minute 0; then each phase has so many minutes of what else is known of it."""
    state, done = PoolState(), []
    looks = [{"counted": BAD}, *({"counted": None} | seen for length, seen in phases for _ in range(length))]
    for minute, seen in enumerate(looks):
        if minute in restarts:
            state = recall(remember(state))
        state, decision = decide(state, [observation("mx1", **seen), observation("mx2")], ROOMY, NOW + minutes(minute))
        done += [(minute, action.kind) for action in decision.actions]
    return done


FREE: dict[str, Any] = {}
CORDONED, NO_POD = {"barred": "Cordoned"}, {"barred": "NoPod"}
LEAVING = {"barred": "Drained", "leaving": True}


@pytest.mark.parametrize(
    ("name", "phases", "expected"),
    [
        ("cordoned while it is out", [(5, FREE), (114, CORDONED), (90, FREE)], [(120, RETURN), (180, RESTORE)]),
        ("dead while it is out", [(5, FREE), (114, {"alive": False}), (90, FREE)], [(120, RETURN), (180, RESTORE)]),
        ("cordoned on probation", [(30, FREE), (99, CORDONED), (90, FREE)], [(15, RETURN), (190, RESTORE)]),
        ("dead on probation", [(30, FREE), (99, {"alive": False}), (90, FREE)], [(15, RETURN), (190, RESTORE)]),
        ("its new pod does not start", [(15, FREE), (114, NO_POD), (90, FREE)], [(15, RETURN), (190, RESTORE)]),
        ("for a moment", [(40, FREE), (1, CORDONED), (90, FREE)], [(15, RETURN), (102, RESTORE)]),
        ("its node is cordoned", [(129, LEAVING), (90, FREE)], [(15, RETURN), (190, RESTORE)]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
@pytest.mark.parametrize("restarts", [(), (100, 150)])
def test_probation_is_time_in_which_mail_could_have_come(
    name: str,
    phases: list[tuple[int, dict[str, Any]]],
    expected: list[tuple[int, ActionKind]],
    restarts: tuple[int, ...],
) -> None:
    """One that leaves a cordoned node returns: the pool calls it back by where its health stands."""
    assert watched(phases, restarts=restarts) == [(0, CUT), *expected]


def test_good_looks_of_a_relay_that_gets_no_mail_end_no_probation() -> None:
    """Its counters still say what it did before."""
    told = {"counted": GOOD}
    phases = [(15, FREE), (30, told | {"alive": False}), (9, told)]
    assert watched(phases) == [(0, CUT), (15, RETURN), (48, RESTORE)]


def test_a_provider_is_not_on_probation_while_its_relay_gets_no_mail() -> None:
    state, done = PoolState(), []
    bad = {"google": windows(GOOD), "yahoo": windows(BAD)}
    for minute in range(200):
        seen: dict[str, Any] = {"providers": bad} if minute == 0 else {"providers": {"google": windows(GOOD)}}
        seen |= CORDONED if 30 <= minute < 130 else FREE
        state, decision = decide(state, [observation("mx1", **seen), observation("mx2")], ROOMY, NOW + minutes(minute))
        done += [(minute, action.kind) for action in decision.actions]
    assert done == [(0, ActionKind.EXCLUDE), (15, RETURN), (190, RESTORE)]


def test_the_time_out_of_a_relay_is_no_probation_of_its_providers() -> None:
    known = Track(standing=Standing.PROBATION, since=NOW, serving_since=NOW, cuts=1)
    state = PoolState(servers={"mx1": ServerState(providers={"yahoo": known})})
    state, _ = decide(state, [observation("mx1", counted=BAD), observation("mx2")], ROOMY, NOW + minutes(1))
    assert state.servers["mx1"].providers["yahoo"].serving_since is None


def test_a_score_between_the_limits_does_not_end_probation() -> None:
    between = counts(972, 28, seconds=18)
    assert [found[:2] for found in play([BAD] + [None] * 15 + [between] * 60)] == [(0, CUT), (15, RETURN)]


def test_pauses_double_up_to_four_hours() -> None:
    assert [pause(cuts) / minutes(1) for cuts in range(1, 8)] == [15, 30, 60, 120, 240, 240, 240]


def test_a_day_without_a_cut_is_forgiven() -> None:
    track = Track(since=NOW, cuts=5)
    assert track.cut("x", "x", NOW + timedelta(hours=23)).cuts == 6
    assert track.cut("x", "x", NOW + timedelta(hours=24)).cuts == 1


def test_evidence_from_before_a_cut_is_not_looked_at() -> None:
    found = windows(GOOD, BAD, BAD)
    assert [window.name for window in fresh(found, NOW - minutes(5), NOW)] == ["1 min"]
    assert len(fresh(found, NOW - timedelta(days=1), NOW)) == 3
    assert len(fresh(found, None, NOW)) == 3


def test_a_clock_set_back_keeps_nobody_out_for_long() -> None:
    out = Track(standing=Standing.OUT, since=NOW + timedelta(days=300), counted_at=NOW + timedelta(days=300), cuts=1)
    assert out.at(NOW).back_at == NOW + minutes(15)
    assert out.at(NOW).counted_at == NOW


def test_a_cut_of_the_relay_interrupts_the_streaks_of_its_providers() -> None:
    state, _ = decide(PoolState(), [observation("mx1", counted=BAD), observation("mx2")], ROOMY, NOW)
    assert [track.bad for track in state.servers["mx1"].providers.values()] == [0, 0]
