"""What a relay reports is not to be trusted: its names of providers cost no memory, no status and no record."""

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from smtppool.api.base import LABEL_PATTERN
from smtppool.api.outcomes import MAX_PROVIDERS, OTHER, Outcomes, ProviderOutcomes, Standing, WindowCounts, WindowName
from smtppool.api.smtppool import MAX_SERVERS
from smtppool.policy.health.counters import DAY, MINUTE, Counts, Window
from smtppool.policy.health.decision import PoolState
from smtppool.policy.health.examine import ServerState
from smtppool.policy.health.pool import decide
from smtppool.policy.health.record import remember
from smtppool.policy.health.reported import windows_of
from smtppool.policy.health.track import Track
from smtppool.policy.profiles import PROFILES
from tests.unit.policy.health.facts import BAD, NOW, minutes, observation, settings, windows

KNOWN = {profile.name for profile in PROFILES} | {OTHER}
NAMES = st.sampled_from(sorted(KNOWN)) | st.from_regex(LABEL_PATTERN, fullmatch=True)
COUNTS = st.builds(
    WindowCounts,
    delivered=st.sampled_from([0, 10, 1000]),
    deferred=st.sampled_from([0, 1000]),
    bounced=st.sampled_from([{}, {"SpamBlock": 200}]),
)
PROVIDERS = st.builds(ProviderOutcomes, provider=NAMES, windows=st.dictionaries(st.sampled_from(WindowName), COUNTS))
REPORTS = st.lists(st.lists(PROVIDERS, max_size=MAX_PROVIDERS).map(tuple), min_size=1, max_size=6)


def named(*names: str, bounced: int = 200) -> Outcomes:
    """Bad at each of them."""
    counts = WindowCounts(delivered=800, bounced={"SpamBlock": bounced})
    return tuple(ProviderOutcomes(provider=name, windows={WindowName.MINUTE: counts}) for name in names)


def test_names_without_a_profile_count_as_other() -> None:
    day = ProviderOutcomes(provider="other", windows={WindowName.DAY: WindowCounts(delivered=5)})
    found = windows_of((*named("google", "fresh-1", "fresh-2"), day))
    bad = Counts(delivered=800, bounced={"SpamBlock": 200}, tls=0)
    assert found["google"] == (Window(MINUTE, bad),)
    both = Counts(delivered=1600, bounced={"SpamBlock": 400}, tls=0)
    assert found[OTHER] == (Window(MINUTE, both), Window(DAY, Counts(delivered=5, tls=0)))
    assert found.keys() == {"google", OTHER}


@given(REPORTS)
@hypothesis_settings(deadline=None)
def test_no_report_fills_memory_status_or_record(reports: list[Outcomes]) -> None:
    state = PoolState()
    for minute, outcomes in enumerate(reports):
        seen = [observation("mx1", providers=windows_of(outcomes)), observation("mx2"), observation("mx3")]
        state, decision = decide(state, seen, settings(), NOW + minutes(minute))
        assert decision.members[0].providers.keys() <= KNOWN
        assert len(decision.members[0].providers) <= MAX_PROVIDERS
        remember(state)


def test_new_names_each_second_do_not_keep_the_others_from_being_cut() -> None:
    state, cut = PoolState(), []
    for second in range(180):
        names = [f"n{second}-{number}" for number in range(MAX_PROVIDERS)]
        hostile = observation("mx1", providers=windows_of(named(*names)))
        state, decision = decide(
            state,
            [hostile, observation("mx2", counted=BAD), observation("mx3")],
            settings(),
            NOW + minutes(second / 60),
        )
        cut += [str(action.subject) for action in decision.actions]
    assert "mx2" in cut
    assert len(cut) <= 3


def test_a_provider_without_mail_and_past_is_forgotten() -> None:
    state, _ = decide(PoolState(), [observation("mx1")], settings(), NOW)
    assert state.servers["mx1"].providers.keys() == {"google", "yahoo"}
    state, _ = decide(state, [observation("mx1", counted=None)], settings(), NOW + minutes(1))
    assert state.servers["mx1"].providers == {}


def test_an_exclusion_outlives_the_mail() -> None:
    bad = observation("mx1", providers={"google": windows(BAD), "yahoo": windows(BAD)})
    state, _ = decide(PoolState(), [bad, observation("mx2")], settings(), NOW)
    out = ServerState(providers={"yahoo": Track(standing=Standing.OUT, since=NOW, cuts=1)})
    state = PoolState(servers={"mx1": out, "mx2": state.servers["mx2"]})
    state, _ = decide(state, [observation("mx1", counted=None), observation("mx2")], settings(), NOW + minutes(5))
    assert state.servers["mx1"].providers["yahoo"].standing is Standing.OUT


def test_a_record_has_room_for_whatever_is_remembered() -> None:
    """Whoever is out goes first."""
    cut = Track(standing=Standing.OUT, since=NOW, cuts=1)
    back = Track(standing=Standing.ACTIVE, since=NOW, cuts=1)
    crowd = {f"n{number}": back for number in range(100)} | {"yahoo": cut}
    servers = {f"mx{number}": ServerState(providers=crowd) for number in range(MAX_SERVERS + 50)}
    record = remember(PoolState(servers={**servers, "zz": ServerState(relay=cut)}))
    assert len(record.servers) == MAX_SERVERS
    assert "zz" in record.servers
    assert len(record.servers["mx0"].providers) == MAX_PROVIDERS
    assert "yahoo" in record.servers["mx0"].providers


def test_a_state_that_is_too_large_becomes_small_again() -> None:
    crowd = {f"n{number}": Track(standing=Standing.ACTIVE, since=NOW, cuts=1) for number in range(100)}
    state = PoolState(servers={"mx1": ServerState(providers=crowd)})
    state, decision = decide(state, [observation("mx1")], settings(), NOW + minutes(1))
    assert len(decision.members[0].providers) <= MAX_PROVIDERS
    for minute in (60 * 25, 60 * 25 + 1):
        state, _ = decide(state, [observation("mx1")], settings(), NOW + minutes(minute))
    assert state.servers["mx1"].providers.keys() == {"google", "yahoo"}
