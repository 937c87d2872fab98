"""What is written down of the decision: enough to go on after a restart, and nothing that changes by itself."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from smtppool.api.health_record import FreezeRecord, HealthRecord, ServerRecord, TrackRecord
from smtppool.api.outcomes import ProviderOutcomes, Standing, WindowCounts, WindowName
from smtppool.policy.health.counters import BURST, DAY, Counts, Window
from smtppool.policy.health.decision import Freeze, PoolState, Rule
from smtppool.policy.health.examine import ServerState
from smtppool.policy.health.gates import Cause
from smtppool.policy.health.pool import decide
from smtppool.policy.health.record import excluded_of, recall, remember, share_of
from smtppool.policy.health.reported import windows_of
from smtppool.policy.health.track import Track
from tests.unit.policy.health.facts import BAD, GOOD, NOW, minutes, observation, settings, windows

TRACKS = st.builds(
    Track,
    standing=st.sampled_from(Standing),
    since=st.none() | st.integers(0, 10_000).map(lambda number: NOW - minutes(number)),
    judged_from=st.none() | st.just(NOW),
    serving_since=st.none() | st.just(NOW),
    reason=st.sampled_from(["", "BounceRate", "LowScore"]),
    message=st.text(max_size=600),
    cuts=st.integers(0, 2000),
    bad=st.integers(0, 3),
    good=st.integers(0, 3),
)
SERVERS = st.builds(ServerState, relay=TRACKS, providers=st.dictionaries(st.sampled_from(["google", "yahoo"]), TRACKS))
STATES = st.builds(
    PoolState,
    servers=st.dictionaries(st.sampled_from(["mx1", "mx2"]), SERVERS),
    acted_at=st.none() | st.just(NOW),
    acted_on=st.none() | st.just("mx1"),
    frozen=st.dictionaries(
        st.tuples(st.sampled_from(["google", "yahoo", None]), st.sampled_from(Cause)),
        st.builds(Freeze, st.integers(0, 60).map(lambda number: NOW - minutes(number)), st.none() | st.just(NOW)),
    ),
)


@given(STATES)
def test_what_is_recalled_is_remembered_the_same(state: PoolState) -> None:
    record = remember(state)
    assert HealthRecord.model_validate_json(record.model_dump_json(by_alias=True)) == record
    assert remember(recall(record)) == record


@given(STATES)
def test_shares_do_not_change_by_a_restart(state: PoolState) -> None:
    record = remember(state)
    for name, known in state.servers.items():
        standing = known.relay.standing if known.relay.since else Standing.ACTIVE
        assert share_of(record, name)[0] == {Standing.ACTIVE: 1.0, Standing.PROBATION: 0.1, Standing.OUT: 0.0}[standing]


def test_a_healthy_pool_has_nothing_to_remember() -> None:
    state, _ = decide(PoolState(), [observation("mx1"), observation("mx2")], settings(), NOW)
    assert remember(state) == HealthRecord()


def test_looks_alone_change_nothing() -> None:
    """A record is an object at the API server: counting looks must not write it once a minute."""
    seen = [observation("mx1", counted=BAD), observation("mx2", counted=GOOD)]
    state, _ = decide(PoolState(), seen, settings(), NOW)
    first = remember(state)
    for minute in range(1, 10):
        state, _ = decide(state, seen, settings(), NOW + minutes(minute))
        assert remember(state) == first


def test_a_restart_does_not_shorten_the_pause() -> None:
    seen = [observation("mx1", counted=BAD), observation("mx2", counted=GOOD)]
    state, _ = decide(PoolState(), seen, settings(), NOW)
    recalled = recall(remember(state))
    assert recalled.servers["mx1"].relay.back_at == NOW + minutes(15)
    _, decision = decide(recalled, [observation("mx1"), observation("mx2")], settings(), NOW + minutes(14))
    assert [member.share for member in decision.members] == [0.0, 1.0]


def test_a_restart_does_not_prolong_a_freeze() -> None:
    seen = [observation(f"mx{number}", counted=BAD) for number in (1, 2, 3)]
    state = PoolState()
    for minute in range(29):
        state, decision = decide(recall(remember(state)), seen, settings(), NOW + minutes(minute))
        assert decision.actions == ()
        assert decision.refusals[0].rule is Rule.ALL_BAD
    _, decision = decide(recall(remember(state)), seen, settings(), NOW + minutes(30))
    assert decision.actions[0].subject == ("mx1", None)


def test_a_freeze_is_over_when_they_no_longer_agree_for_a_minute() -> None:
    bad = [observation(f"mx{number}", counted=BAD) for number in (1, 2, 3)]
    better = [observation("mx1", counted=GOOD), *bad[1:]]
    state, _ = decide(PoolState(), bad, settings(max_unavailable="1%", min_available=3), NOW)
    since = remember(state).frozen[0].since
    for second in (10, 20, 30):  # one member that wavers begins no new freeze, and writes nothing
        for shown in (better, bad):
            moment = NOW + timedelta(seconds=second)
            state, _ = decide(state, shown, settings(max_unavailable="1%", min_available=3), moment)
            assert {one.since for one in remember(state).frozen} == {since}
    for minute in (1, 2):
        state, _ = decide(state, better, settings(max_unavailable="1%", min_available=3), NOW + minutes(minute))
    assert remember(state).frozen == ()


def test_a_freeze_of_a_later_version_is_left_out() -> None:
    later = FreezeRecord(cause="Moonlight", since="2026-01-05T12:00:00Z")
    assert recall(HealthRecord(frozen=(later,))).frozen == {}


def test_a_share_without_a_record_is_whole() -> None:
    assert share_of(HealthRecord(), "mx1") == (1.0, "")
    only_at_yahoo = TrackRecord(standing=Standing.OUT, since="2026-01-05T12:00:00Z")
    record = HealthRecord(servers={"mx1": ServerRecord(providers={"yahoo": only_at_yahoo})})
    assert share_of(record, "mx1") == (1.0, "")


def test_excluded_are_the_providers_at_which_a_member_is_out() -> None:
    out, back = (TrackRecord(standing=one, since="2026-01-05T12:00:00Z") for one in (Standing.OUT, Standing.PROBATION))
    at_two = ServerRecord(providers={"yahoo": out, "google": back, "apple": out})
    whole = ServerRecord(relay=out, providers={"yahoo": out})
    record = HealthRecord(servers={"mx1": at_two, "mx2": whole})
    assert excluded_of(record, "mx1") == ("apple", "yahoo")
    assert excluded_of(record, "mx2") == excluded_of(record, "mx3") == ()


def test_a_provider_on_probation_gets_all_of_its_mail() -> None:
    bad = observation("mx1", providers={"google": windows(GOOD), "yahoo": windows(BAD)})
    state, _ = decide(PoolState(), [bad, observation("mx2")], settings(), NOW)
    assert excluded_of(remember(state), "mx1") == ("yahoo",)
    for minute in range(1, 16):
        state, decision = decide(state, [observation("mx1"), observation("mx2")], settings(), NOW + minutes(minute))
    assert decision.members[0].providers["yahoo"].standing is Standing.PROBATION
    assert decision.members[0].share == 1.0
    assert excluded_of(remember(state), "mx1") == ()


def test_windows_of_a_report() -> None:
    counts = WindowCounts(delivered=9, deferred=1, bounced={"SpamBlock": 2}, responses=3, response_ms=4500, tls=5)
    reported = (ProviderOutcomes(provider="google", windows={WindowName.DAY: counts, WindowName.BURST: counts}),)
    expected = Counts(delivered=9, deferred=1, bounced={"SpamBlock": 2}, responses=3, response_seconds=4.5, tls=5)
    assert windows_of(reported) == {"google": (Window(BURST, expected), Window(DAY, expected))}
