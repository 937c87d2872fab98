"""Lanes open only for a verified address; a table of cases, then properties over all facts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.api.documents import EgressObservation, Lanes
from smtppool.api.names import Key
from smtppool.api.smtppool import EgressCheckMode
from smtppool.policy.egress import GRACE, RIVAL_PERIOD, EgressFacts, Rule, decide_egress
from tests.unit.policy.egress_cases import CASES, FAILED, MINUTE, NEW_ADDRESS
from tests.unit.policy.facts import (
    ADDRESS,
    MOMENTS,
    NOW,
    OTHER_ADDRESS,
    POD_ADDRESS,
    STAMPS,
    UID,
    ago,
    egress_facts,
    observation,
    report,
)


@pytest.mark.parametrize(
    ("given_facts", "lanes", "status", "reason"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_table(given_facts: dict[str, Any], lanes: Lanes, status: str, reason: str) -> None:
    decision = decide_egress(egress_facts(**given_facts))
    assert (decision.lanes, decision.verdict.status, decision.verdict.reason) == (lanes, status, reason)


def test_grace_ends_exactly_15_minutes_after_the_last_confirmation() -> None:
    failing = report(egress=observation(at=ago(minutes=0), error=FAILED))
    decision = decide_egress(egress_facts(report=failing))
    assert decision.next_check == NOW + timedelta(minutes=15)
    before = decide_egress(egress_facts(report=failing, now=NOW + GRACE - timedelta(seconds=1)))
    after = decide_egress(egress_facts(report=failing, now=NOW + GRACE))
    assert (before.lanes, after.lanes) == (Lanes.OPEN, Lanes.CLOSED)


@pytest.mark.parametrize("at", ["2099-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize("error", [None, FAILED])
def test_a_confirmation_from_the_future_gives_no_longer_grace(at: str, error: str | None) -> None:
    ahead = report(egress=observation(at=at, error=error))
    assert decide_egress(egress_facts(report=ahead)).next_check == NOW + GRACE


def test_nor_does_an_unknown_since_the_end_of_time() -> None:
    facts = egress_facts(report=None, unknown_since=datetime.max.replace(tzinfo=UTC))
    assert decide_egress(facts).next_check == NOW + GRACE


def test_the_end_of_a_rival_is_looked_for() -> None:
    """Nothing of the rival's is watched for this relay: without another look it would stay closed."""
    decision = decide_egress(egress_facts(rival=Key("b", "mx1")))
    assert decision.next_check == NOW + RIVAL_PERIOD


def test_an_agents_text_cannot_break_the_message() -> None:
    hostile = report(egress=observation(error="\x1b[2J\n" + "x" * 400))
    message = decide_egress(egress_facts(report=hostile)).verdict.message
    assert message.isprintable()
    assert len(message) < 400


TIMES = st.integers(min_value=-60, max_value=60).map(lambda minutes: ago(minutes=minutes)) | STAMPS
OBSERVATIONS = st.builds(
    EgressObservation,
    observed_address=st.sampled_from([None, ADDRESS, OTHER_ADDRESS]),
    observed_at=st.none() | TIMES,
    error=st.sampled_from([None, FAILED]),
    error_since=st.none() | TIMES,
)
REPORTS = st.none() | st.builds(
    lambda uid, address, egress: report(pod_uid=uid, pod_address=address, egress=egress),
    st.sampled_from([UID, "pod-0"]),
    st.sampled_from([None, POD_ADDRESS, NEW_ADDRESS]),
    OBSERVATIONS,
)
FACTS = st.builds(
    egress_facts,
    smarthost=st.booleans(),
    mode=st.sampled_from(EgressCheckMode),
    pod_uid=st.sampled_from([None, UID]),
    pod_address=st.sampled_from([None, POD_ADDRESS, NEW_ADDRESS]),
    rule=st.sampled_from(Rule),
    rival=st.sampled_from([None, Key("b", "mx9")]),
    report=REPORTS,
    report_invalid=st.booleans(),
    granted=st.booleans(),
    unknown_since=st.none() | st.integers(0, 60).map(lambda minutes: NOW - timedelta(minutes=minutes)) | MOMENTS,
    interval=st.integers(1, 86_400).map(lambda seconds: timedelta(seconds=seconds)),
)


@given(FACTS)
def test_open_needs_a_pod_no_rival_and_no_contradiction(facts: EgressFacts) -> None:
    if decide_egress(facts).lanes is not Lanes.OPEN:
        return
    assert facts.pod_uid is not None
    assert facts.pod_address is not None
    if facts.smarthost:
        return
    assert facts.rival is None
    assert facts.rule is not Rule.ABSENT
    if facts.mode is EgressCheckMode.VERIFY and facts.own_report is not None:
        assert facts.own_report.egress.observed_address in {None, ADDRESS}


@given(FACTS)
def test_closed_lanes_open_only_by_this_pods_own_confirmation(facts: EgressFacts) -> None:
    decision = decide_egress(facts)
    if facts.granted or facts.smarthost or facts.mode is EgressCheckMode.OFF or decision.lanes is not Lanes.OPEN:
        return
    assert facts.report is not None
    assert (facts.report.pod_uid, facts.report.pod_address) == (facts.pod_uid, facts.pod_address)
    assert facts.report.egress.observed_address == ADDRESS


UIDS, ADDRESSES = st.sampled_from([None, UID, "pod-0"]), st.sampled_from([None, POD_ADDRESS, NEW_ADDRESS])


@given(uid=UIDS, address=ADDRESSES, report_uid=st.sampled_from([UID, "pod-0"]), report_address=ADDRESSES)
def test_a_confirmation_opens_only_the_pod_and_address_that_it_names(
    uid: str | None, address: str | None, report_uid: str, report_address: str | None
) -> None:
    said = report(pod_uid=report_uid, pod_address=report_address)
    facts = egress_facts(pod_uid=uid, pod_address=address, report=said, granted=False)
    same = None not in (uid, address) and (uid, address) == (report_uid, report_address)
    assert (decide_egress(facts).lanes is Lanes.OPEN) is same


@given(FACTS)
def test_an_open_lane_that_depends_on_time_names_the_moment(facts: EgressFacts) -> None:
    decision = decide_egress(facts)
    if decision.lanes is Lanes.OPEN and decision.verdict.reason in {
        "Verified",
        "Unreachable",
        "ReportInvalid",
        "NoReport",
    }:
        assert decision.next_check is not None
        assert decision.next_check > facts.now


def failing(*, since: timedelta, confirmed: timedelta, **fields: Any) -> EgressFacts:
    """A check that was last confirmed, and has failed, for that long."""
    seen = observation(at=ago(minutes=confirmed / MINUTE), error=FAILED)
    seen = seen.model_copy(update={"error_since": ago(minutes=since / MINUTE)})
    return egress_facts(report=report(egress=seen), interval=timedelta(hours=24), **fields)


def test_a_rare_check_that_fails_has_the_grace_and_no_more() -> None:
    day = timedelta(hours=24)
    assert decide_egress(failing(since=14 * MINUTE, confirmed=day)).lanes is Lanes.OPEN
    assert decide_egress(failing(since=16 * MINUTE, confirmed=day)).lanes is Lanes.CLOSED
    assert decide_egress(failing(since=MINUTE, confirmed=3 * day)).lanes is Lanes.CLOSED


def test_troubles_of_the_api_server_do_not_prolong_a_failing_check() -> None:
    facts = failing(since=16 * MINUTE, confirmed=20 * MINUTE, settled_at=NOW + MINUTE)
    assert decide_egress(facts).lanes is Lanes.CLOSED
