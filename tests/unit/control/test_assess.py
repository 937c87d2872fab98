"""Decisions on one server as they follow from the objects in the cache."""

from copy import deepcopy

import pytest

from smtppool.api.documents import Intake, Lanes
from smtppool.api.health_record import HealthRecord, ServerRecord, TrackRecord
from smtppool.api.names import GRANT_KEY
from smtppool.api.outcomes import Standing
from smtppool.api.pool_health import HealthAction
from tests.unit.control.bodies import ADDRESS, GRANT, Cluster, body, document


def test_a_verified_relay_is_in_traffic() -> None:
    _, assessment, _ = Cluster().look()
    assert assessment.accepted.reason == "Accepted"
    assert assessment.grant.lanes is Lanes.OPEN
    assert assessment.weight.weight == 10


def test_no_weight_before_the_grant_says_open_for_this_pod() -> None:
    for change in ({"lanes": Lanes.CLOSED}, {"pod_uid": "pod-0"}, {"pod_address": "10.244.9.9"}):
        cluster = Cluster(grant=document("mx1-grant", GRANT_KEY, GRANT.model_copy(update=change)))
        _, assessment, _ = cluster.look()
        assert assessment.grant.lanes is Lanes.OPEN
        assert assessment.weight.reason == "LanesClosed"


def test_a_foreign_report_is_no_report() -> None:
    cluster = Cluster()
    assert cluster.report is not None
    cluster.report["metadata"]["annotations"] = {}
    view, assessment, _ = cluster.look()
    assert view.report is None
    assert assessment.egress.verdict.reason == "NoReport"


def test_a_spec_that_became_unreadable_keeps_what_is_in_force() -> None:
    cluster = Cluster()
    cluster.server["spec"]["weight"] = "many"
    _, assessment, _ = cluster.look()
    assert assessment.accepted.reason == "InvalidSpec"
    assert assessment.in_force
    assert assessment.grant.lanes is Lanes.OPEN
    assert assessment.weight.reason == "Observe"


def test_the_same_without_a_grant_was_never_in_force() -> None:
    cluster = Cluster(grant=None)
    cluster.server["spec"]["weight"] = "many"
    assert not cluster.look()[1].in_force


def test_a_pool_that_is_gone_leaves_the_lanes_as_they_are() -> None:
    _, assessment, _ = Cluster(pool=None).look()
    assert assessment.accepted.reason == "PoolNotFound"
    assert assessment.in_force
    assert assessment.grant.lanes is Lanes.OPEN
    assert assessment.grant.egress_check == GRANT.egress_check


def test_a_deleted_server_closes_its_intake_and_delivers_on() -> None:
    cluster = Cluster()
    cluster.server["metadata"]["deletionTimestamp"] = "2025-11-21T12:00:00Z"
    _, assessment, _ = cluster.look()
    assert (assessment.grant.intake, assessment.grant.lanes) == (Intake.CLOSED, Lanes.OPEN)
    assert assessment.weight.reason == "Deleted"


def cut(**pool: object) -> Cluster:
    """Taken out by its health."""
    record = TrackRecord(standing=Standing.OUT, since="2025-11-21T11:55:00Z", cuts=1)
    cluster = Cluster(health=HealthRecord(servers={"mx1": ServerRecord(relay=record)}))
    assert cluster.pool is not None
    cluster.pool["spec"] |= pool
    return cluster


@pytest.mark.parametrize("action", HealthAction)
def test_a_member_that_its_health_took_out_is_unwell_whatever_the_action(action: HealthAction) -> None:
    assert cut(health={"action": action.value}).look()[1].unwell
    assert not Cluster().look()[1].unwell


def test_what_the_user_wants_of_it_is_no_matter_of_health() -> None:
    cluster = cut(health={"action": "HandOver"})
    cluster.server["spec"]["desiredState"] = "Drained"
    assert not cluster.look()[1].unwell


def older(address: str) -> dict[str, object]:
    cluster = Cluster()
    other = deepcopy(cluster.server)
    other["metadata"] |= {"namespace": "other", "uid": "o", "creationTimestamp": "2024-01-01T00:00:00Z"}
    other["spec"]["relay"]["egress"]["address"] = address
    return other


def test_an_older_object_of_another_namespace_takes_the_address_away() -> None:
    _, assessment, _ = Cluster(others=[older(ADDRESS)]).look()
    assert assessment.accepted.reason == "Conflict"
    assert assessment.grant.lanes is Lanes.CLOSED
    assert not assessment.in_force
    _, assessment, _ = Cluster(others=[older("198.51.100.12")]).look()
    assert assessment.accepted.reason == "Accepted"


def test_the_holder_waits_for_a_rival_that_still_sends() -> None:
    rival = older(ADDRESS)
    rival["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"  # type: ignore[index]
    metadata = {"namespace": "other", "annotations": {"smtppool.io/owner-uid": "o"}}
    open_grant = document("mx1-grant", GRANT_KEY, GRANT)
    open_grant["metadata"] |= metadata
    pod = body("Pod", "mx1-relay-0", "pod-uid", spec={}, status={}, metadata=metadata)
    _, assessment, _ = Cluster(others=[rival, open_grant, pod]).look()
    assert assessment.accepted.reason == "Accepted"
    assert assessment.egress.verdict.reason == "AddressInUse"
    assert assessment.grant.lanes is Lanes.CLOSED
