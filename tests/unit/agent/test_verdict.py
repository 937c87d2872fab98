"""What the gate may allow, as a table."""

from typing import Any

import pytest
from hypothesis import given as property_of
from hypothesis import strategies as st

from smtppool.agent import verdict
from smtppool.api.documents import (
    EgressCheckOrder,
    EgressObservation,
    Grant,
    Intake,
    Lanes,
    Routing,
    SubmissionRule,
)

ROUTING = Routing(pool="p", submission=SubmissionRule(max_message_size=1, max_recipients=1))
RIGHT, WRONG = "198.51.100.1", "203.0.113.1"
ORDER = EgressCheckOrder(endpoint="smtp://echo.example.net:25", expected=RIGHT)


POD: dict[str, Any] = {"pod_uid": "pod", "pod_address": "10.244.1.5"}
OTHER_ADDRESS = "10.244.1.6"


def grant(lanes: Lanes, **fields: Any) -> Grant:
    return Grant(**({"server": "mx1", "lanes": lanes, "reason": "why", "egress_check": ORDER} | POD | fields))


def seen(address: str | None, error: str | None = None) -> EgressObservation:
    return EgressObservation(observed_address=address, error=error)


CASES = {
    "no grant": (None, seen(RIGHT), Lanes.CLOSED),
    "granted and right": (grant(Lanes.OPEN), seen(RIGHT), Lanes.OPEN),
    "granted, not seen yet": (grant(Lanes.OPEN), seen(None), Lanes.CLOSED),
    "granted, never seen as the check fails": (grant(Lanes.OPEN), seen(None, "no answer"), Lanes.CLOSED),
    "granted, no check": (grant(Lanes.OPEN, egress_check=EgressCheckOrder(expected=RIGHT)), seen(None), Lanes.OPEN),
    "granted, no check any more, once seen wrong": (
        grant(Lanes.OPEN, egress_check=EgressCheckOrder(expected=RIGHT)),
        seen(WRONG),
        Lanes.OPEN,
    ),
    "granted, a smarthost": (grant(Lanes.OPEN, egress_check=EgressCheckOrder()), seen(None), Lanes.OPEN),
    "granted, check unreachable": (grant(Lanes.OPEN), seen(RIGHT, "no answer"), Lanes.OPEN),
    "granted, wrong address": (grant(Lanes.OPEN), seen(WRONG), Lanes.CLOSED),
    "granted, wrong address, then unreachable": (grant(Lanes.OPEN), seen(WRONG, "no answer"), Lanes.CLOSED),
    "not granted, right address": (grant(Lanes.CLOSED), seen(RIGHT), Lanes.CLOSED),
    "for another pod": (grant(Lanes.OPEN, pod_uid="other"), seen(RIGHT), Lanes.CLOSED),
    "for the address before": (grant(Lanes.OPEN, pod_address=OTHER_ADDRESS), seen(RIGHT), Lanes.CLOSED),
    "without an address": (grant(Lanes.OPEN, pod_address=None), seen(RIGHT), Lanes.CLOSED),
    "for no pod": (grant(Lanes.OPEN, pod_uid=None), seen(RIGHT), Lanes.CLOSED),
    "handover for another pod": (grant(Lanes.HANDOVER, pod_uid="other"), seen(RIGHT), Lanes.CLOSED),
    "handover for the address before": (
        grant(Lanes.HANDOVER, pod_address=OTHER_ADDRESS),
        seen(RIGHT),
        Lanes.CLOSED,
    ),
    "handover needs no source address": (grant(Lanes.HANDOVER), seen(WRONG), Lanes.HANDOVER),
}


@pytest.mark.parametrize(("given", "egress", "lanes"), CASES.values(), ids=CASES)
def test_lanes(given: Grant | None, egress: EgressObservation, lanes: Lanes) -> None:
    table = verdict.table(routing=ROUTING, grant=given, egress=egress, **POD)
    assert table is not None
    assert table.lanes is lanes
    assert table.submission == ROUTING.submission
    assert table.reason


@pytest.mark.parametrize("uid", ["pod", "other"])
def test_intake_follows_the_grant_whoever_it_is_for(uid: str) -> None:
    closed = grant(Lanes.OPEN, pod_uid=uid, intake=Intake.CLOSED)
    table = verdict.table(routing=ROUTING, grant=closed, egress=seen(RIGHT), **POD)
    assert table is not None
    assert table.intake is Intake.CLOSED


def test_without_a_routing_there_is_no_table() -> None:
    assert verdict.table(routing=None, grant=grant(Lanes.OPEN), egress=seen(RIGHT), **POD) is None


@property_of(
    lanes=st.sampled_from(Lanes),
    uid=st.sampled_from([None, "pod", "other"]),
    address=st.sampled_from([None, POD["pod_address"], OTHER_ADDRESS]),
    observed=st.sampled_from([None, RIGHT, WRONG]),
)
def test_lanes_are_not_closed_only_if_uid_and_address_match(
    lanes: Lanes, uid: str | None, address: str | None, observed: str | None
) -> None:
    given = grant(lanes, pod_uid=uid, pod_address=address)
    permitted, _ = verdict.permission(grant=given, egress=seen(observed), **POD)
    if permitted is not Lanes.CLOSED:
        assert (uid, address) == (POD["pod_uid"], POD["pod_address"])
        assert permitted is lanes


def test_a_grant_of_before_the_address_was_stated_is_read_as_closed() -> None:
    old = Grant.model_validate_json('{"server":"mx1","podUid":"pod","lanes":"Open","egressCheck":{}}')
    assert verdict.permission(grant=old, egress=seen(RIGHT), **POD) == (Lanes.CLOSED, verdict.OTHER_POD)
