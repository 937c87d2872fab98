"""What the gate may allow, as a table."""

from typing import Any

import pytest

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


def grant(lanes: Lanes, *, uid: str | None = "pod", **fields: Any) -> Grant:
    return Grant(server="mx1", pod_uid=uid, lanes=lanes, reason="why", egress_check=ORDER, **fields)


def seen(address: str | None, error: str | None = None) -> EgressObservation:
    return EgressObservation(observed_address=address, error=error)


CASES = {
    "no grant": (None, seen(RIGHT), Lanes.CLOSED),
    "granted and right": (grant(Lanes.OPEN), seen(RIGHT), Lanes.OPEN),
    "granted, not seen yet": (grant(Lanes.OPEN), seen(None), Lanes.OPEN),
    "granted, check unreachable": (grant(Lanes.OPEN), seen(RIGHT, "no answer"), Lanes.OPEN),
    "granted, wrong address": (grant(Lanes.OPEN), seen(WRONG), Lanes.CLOSED),
    "granted, wrong address, then unreachable": (grant(Lanes.OPEN), seen(WRONG, "no answer"), Lanes.CLOSED),
    "not granted, right address": (grant(Lanes.CLOSED), seen(RIGHT), Lanes.CLOSED),
    "for another pod": (grant(Lanes.OPEN, uid="other"), seen(RIGHT), Lanes.CLOSED),
    "for no pod": (grant(Lanes.OPEN, uid=None), seen(RIGHT), Lanes.CLOSED),
    "handover for another pod": (grant(Lanes.HANDOVER, uid="other"), seen(RIGHT), Lanes.CLOSED),
    "handover needs no source address": (grant(Lanes.HANDOVER), seen(WRONG), Lanes.HANDOVER),
}


@pytest.mark.parametrize(("given", "egress", "lanes"), CASES.values(), ids=CASES)
def test_lanes(given: Grant | None, egress: EgressObservation, lanes: Lanes) -> None:
    table = verdict.table(routing=ROUTING, grant=given, egress=egress, pod_uid="pod")
    assert table is not None
    assert table.lanes is lanes
    assert table.submission == ROUTING.submission
    assert table.reason


@pytest.mark.parametrize("uid", ["pod", "other"])
def test_intake_follows_the_grant_whoever_it_is_for(uid: str) -> None:
    closed = grant(Lanes.OPEN, uid=uid, intake=Intake.CLOSED)
    table = verdict.table(routing=ROUTING, grant=closed, egress=seen(RIGHT), pod_uid="pod")
    assert table is not None
    assert table.intake is Intake.CLOSED


def test_without_a_routing_there_is_no_table() -> None:
    assert verdict.table(routing=None, grant=grant(Lanes.OPEN), egress=seen(RIGHT), pod_uid="pod") is None
