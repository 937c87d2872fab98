"""A relay that is to be emptied, as it follows from the objects in the cache: grant, routing state, conditions."""

from datetime import timedelta
from typing import Any

import pytest

from smtppool.api.documents import Intake, Lanes, Member, MemberState, QueueDepth, Routing, SubmissionRule
from smtppool.api.health_record import HealthRecord, ServerRecord, TrackRecord
from smtppool.api.names import GRANT_KEY, REPORT_KEY, ROUTING_KEY
from smtppool.api.outcomes import Standing
from smtppool.control.conditions.drain_blocked import drain_blocked
from smtppool.control.conditions.draining import draining
from smtppool.control.conditions.ready import ready
from smtppool.control.status import server_status
from smtppool.kube.kinds import Body
from smtppool.policy.drain import Phase
from smtppool.policy.verdict import format_time
from smtppool.render.statefulset import RELEASED
from tests.unit.control.bodies import GRANT, NOW, POD_ADDRESS, REPORT, Cluster, body, document

CLOSED = GRANT.model_copy(update={"intake": Intake.CLOSED, "lanes": Lanes.HANDOVER})
OWN = Member(name="mx1", address=POD_ADDRESS, weight=0, state=MemberState.DRAIN, handover=False)
PEER = Member(name="mx2", address="10.244.1.6", weight=10)


def routing(*members: Member) -> Body:
    """The ConfigMap in force."""
    rule = SubmissionRule(max_message_size=1, max_recipients=1)
    text = Routing(pool="marketing", members=members, submission=rule).model_dump_json(by_alias=True)
    return body("ConfigMap", "marketing-routing", "routing-uid", data={ROUTING_KEY: text})


def cluster(*members: Member, desired: str = "Drained", **fields: Any) -> Cluster:
    """A relay of which its user wants that."""
    made = Cluster(others=[routing(OWN, *members)], **fields)
    made.server["spec"]["desiredState"] = desired
    return made


def handing_over(*members: Member, **report: Any) -> Cluster:
    """Its intake is closed."""
    said = REPORT.model_copy(update={"intake": Intake.CLOSED, "lanes": Lanes.HANDOVER, **report})
    return cluster(
        *members, grant=document("mx1-grant", GRANT_KEY, CLOSED), report=document("mx1-report", REPORT_KEY, said)
    )


@pytest.mark.parametrize(
    ("name", "members", "lanes"),
    [
        ("a peer in traffic", (PEER,), Lanes.HANDOVER),
        ("nobody", (), Lanes.OPEN),
        ("out of traffic", (PEER.model_copy(update={"weight": 0}),), Lanes.OPEN),
        ("takes no mail", (PEER.model_copy(update={"handover": False}),), Lanes.OPEN),
        ("is emptied itself", (PEER.model_copy(update={"state": MemberState.DRAIN}),), Lanes.OPEN),
        ("it is its only peer", (OWN.model_copy(update={"weight": 9, "state": MemberState.READY}),), Lanes.OPEN),
    ],
)
def test_which_peers_take_its_mail(name: str, members: tuple[Member, ...], lanes: Lanes) -> None:
    _, assessment, _ = handing_over(*members).look()
    assert (assessment.grant.lanes, assessment.grant.intake) == (lanes, Intake.CLOSED), name


@pytest.mark.parametrize(
    ("name", "members", "excluded"),
    [
        ("a peer takes it", (PEER,), ("yahoo",)),
        ("nobody else", (), ()),
        ("the peer excludes some itself", (PEER.model_copy(update={"handover": False}),), ()),
    ],
)
def test_mail_of_an_excluded_provider_stays_without_a_peer(
    name: str, members: tuple[Member, ...], excluded: tuple[str, ...]
) -> None:
    """No lane of its own would be left for it, and two that exclude the same provider would exchange it for ever."""
    out = ServerRecord(providers={"yahoo": TrackRecord(standing=Standing.OUT, since="2025-11-21T11:00:00Z")})
    _, assessment, _ = cluster(*members, desired="Active", health=HealthRecord(servers={"mx1": out})).look()
    assert assessment.grant.excluded == excluded, name
    assert assessment.member.excludes


def test_a_peer_that_excludes_a_provider_is_named_as_the_reason_of_a_drain_without_peers() -> None:
    out = ServerRecord(providers={"yahoo": TrackRecord(standing=Standing.OUT, since="2025-11-21T11:00:00Z")})
    made = handing_over(PEER.model_copy(update={"handover": False}), queue=QueueDepth(deferred=35))
    made.health = HealthRecord(servers={"mx2": out})
    blocked = drain_blocked(made.observed())
    assert blocked.reason == "NoPeer"
    assert "(mx2 is excluded at yahoo)" in blocked.message
    assert "35 deferred" in blocked.message


def test_closed_lanes_hand_over_too() -> None:
    """The mail leaves by a peer's address, not by this one, which is wrong."""
    wrong = REPORT.egress.model_copy(update={"observed_address": "198.51.100.99"})
    _, assessment, _ = handing_over(PEER, egress=wrong).look()
    assert assessment.egress.verdict.reason == "Mismatch"
    assert assessment.grant.lanes is Lanes.HANDOVER


@pytest.mark.parametrize(("minutes", "lanes"), [(4, Lanes.HANDOVER), (6, Lanes.OPEN), (11, Lanes.HANDOVER)])
def test_peers_that_do_not_take_it_take_turns_with_its_own_lanes(minutes: int, lanes: Lanes) -> None:
    """The status says since when: a restarted operator takes the same turn."""
    made = handing_over(PEER, queue=QueueDepth(deferred=35))
    since = format_time(NOW - timedelta(minutes=minutes))
    made.server["status"] = {"conditions": [{"type": "Draining", "status": "True", "lastTransitionTime": since}]}
    _, assessment, _ = made.look()
    assert (assessment.grant.lanes, assessment.grant.intake) == (lanes, Intake.CLOSED)


def test_a_typing_error_elsewhere_does_not_end_it() -> None:
    made = handing_over(PEER)
    made.server["spec"]["weight"] = "many"
    _, assessment, _ = made.look()
    assert assessment.accepted.reason == "InvalidSpec"
    assert assessment.grant.lanes is Lanes.HANDOVER


def test_back_to_active_in_the_middle() -> None:
    made = handing_over(PEER)
    made.server["spec"]["desiredState"] = "Active"
    _, assessment, _ = made.look()
    assert (assessment.grant.lanes, assessment.grant.intake) == (Lanes.OPEN, Intake.OPEN)
    assert assessment.drain.phase is Phase.RUNNING


def test_what_the_status_says_on_the_way() -> None:
    observed = handing_over(PEER, queue=QueueDepth(active=2, deferred=35)).observed()
    assert server_status(observed)["state"] == "Draining"
    assert draining(observed).message == "37 messages (2 active, 35 deferred) to hand over; peers mx2"
    assert drain_blocked(observed).status == "False"
    observed = handing_over(queue=QueueDepth(hold=1)).observed()
    assert drain_blocked(observed).reason == "NoPeer"


def test_an_empty_relay_is_released_and_says_so() -> None:
    observed = handing_over(PEER, queue=QueueDepth()).observed()
    assert observed.assessment.drain.released
    assert server_status(observed)["state"] == "Drained"
    assert draining(observed)[:2] == ("False", "Drained")
    assert ready(observed)[:2] == ("False", "Drained")


@pytest.mark.parametrize(("mark", "phase"), [({RELEASED: "true"}, Phase.RELEASED), ({}, Phase.HANDOVER)])
def test_only_our_own_mark_says_that_it_was_empty(mark: dict[str, str], phase: Phase) -> None:
    """Somebody scaled the StatefulSet to 0 while mail was queued: it gets its pod back."""
    made = handing_over(PEER)
    made.pod = None
    workload = body("StatefulSet", "mx1-relay", "workload-uid", api="apps/v1", spec={"replicas": 0})
    workload["metadata"]["annotations"] |= mark
    made.others.append(workload)
    assert made.look()[1].drain.phase is phase
