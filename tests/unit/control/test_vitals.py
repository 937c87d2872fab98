"""What a pod's readiness says of a member; its weight is no part of that."""

from datetime import timedelta

import pytest

from smtppool.api.health_record import HealthRecord, ServerRecord, TrackRecord
from smtppool.api.outcomes import Standing
from smtppool.control.vitals import Vitals, vitals
from tests.unit.control.bodies import NOW, Cluster

OUT = TrackRecord(standing=Standing.OUT, since="2025-11-21T11:50:00Z", cuts=1)


def look(cluster: Cluster, before: Vitals | None = None, *, after: float = 0) -> Vitals:
    view, assessment, _ = cluster.look()
    assert view.pool is not None
    known = {} if before is None else {"mx1": before}
    return vitals(view.pool, [(view, assessment)], known, NOW + timedelta(seconds=after))["mx1"]


def unready(**status: object) -> Cluster:
    cluster = Cluster()
    assert cluster.pod is not None
    cluster.pod["status"] |= {"conditions": [{"type": "Ready", "status": "False"}], **status}
    return cluster


def test_a_pod_that_stays_unready_is_not_counted_on() -> None:
    seen = look(Cluster())
    assert seen.alive
    seen = look(unready(), seen, after=1)
    assert seen.alive
    seen = look(unready(), seen, after=12)
    assert not seen.alive
    seen = look(Cluster(), seen, after=13)
    assert not seen.alive
    assert look(Cluster(), seen, after=24).alive


def cordoned() -> Cluster:
    cluster = Cluster()
    cluster.server["spec"]["desiredState"] = "Cordoned"
    return cluster


@pytest.mark.parametrize(
    ("name", "cluster"),
    [("lanes closed", Cluster(grant=None)), ("cordoned", cordoned()), ("no pod", Cluster(pod=None))],
)
def test_who_is_out_for_another_reason_is_not_looked_at(name: str, cluster: Cluster) -> None:
    assert look(cluster).pulse is None


def test_a_relay_out_by_its_health_must_be_there_to_come_back() -> None:
    cluster = unready()
    cluster.health = HealthRecord(servers={"mx1": ServerRecord(relay=OUT)})
    assert not look(cluster).alive
