"""What a pod's readiness says of a member; its weight is no part of that."""

from datetime import timedelta

import pytest

from smtppool.api.documents import Intake, Lanes
from smtppool.api.health_record import HealthRecord, ServerRecord, TrackRecord
from smtppool.api.names import GRANT_KEY, REPORT_KEY
from smtppool.api.outcomes import Standing
from smtppool.control.scoring import observation
from smtppool.control.vitals import Vitals, barred, vitals
from smtppool.render.statefulset import RELEASED
from tests.unit.control.bodies import GRANT, NOW, REPORT, Cluster, body, document

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


def emptied(action: str, *, seen: str | None = None, desired: str = "Active") -> Cluster:
    """Its health took it out, and its queue goes to peers."""
    grant = GRANT.model_copy(update={"intake": Intake.CLOSED, "lanes": Lanes.HANDOVER})
    said = REPORT.model_copy(update={"intake": Intake.CLOSED, "lanes": Lanes.HANDOVER})
    if seen is not None:
        said = said.model_copy(update={"egress": said.egress.model_copy(update={"observed_address": seen})})
    cluster = Cluster(grant=document("mx1-grant", GRANT_KEY, grant), report=document("mx1-report", REPORT_KEY, said))
    cluster.health = HealthRecord(servers={"mx1": ServerRecord(relay=OUT)})
    assert cluster.pool is not None
    cluster.pool["spec"]["health"] = {"action": action}
    cluster.server["spec"]["desiredState"] = desired
    return cluster


def without_pod(action: str, *, mark: str = "true", desired: str = "Active") -> Cluster:
    """Scaled down by its health, or with another mark than ours by somebody else."""
    cluster = emptied(action, desired=desired)
    cluster.pod = None
    workload = body("StatefulSet", "mx1-relay", "workload-uid", api="apps/v1", spec={"replicas": 0})
    workload["metadata"]["annotations"] |= {RELEASED: mark}
    cluster.others.append(workload)
    return cluster


@pytest.mark.parametrize(
    ("name", "cluster", "reason"),
    [
        ("it hands over", emptied("HandOver"), None),
        ("it is scaled down", without_pod("ScaleDown"), None),
        ("its address is wrong", emptied("HandOver", seen="203.0.113.99"), "LanesClosed"),
        ("its address is wrong before its pod goes", emptied("ScaleDown", seen="203.0.113.99"), "LanesClosed"),
        ("cordoned", emptied("HandOver", desired="Cordoned"), "Cordoned"),
        ("cordoned while it is scaled down", without_pod("ScaleDown", desired="Cordoned"), "Cordoned"),
        ("its pod is gone, and not by its health", without_pod("HandOver", mark="false"), "NoPod"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_only_the_drain_that_its_health_asked_for_bars_nobody(name: str, cluster: Cluster, reason: str | None) -> None:
    """Else the pool counts on a relay that cannot take mail, and calls it back from handing its queue over."""
    _, assessment, _ = cluster.look()
    assert barred(assessment) == reason


def spec(**fields: object) -> Cluster:
    cluster = Cluster()
    cluster.server["spec"] |= fields
    return cluster


@pytest.mark.parametrize(
    ("name", "cluster", "wished"),
    [
        ("in traffic", Cluster(), False),
        ("weight 0", spec(weight=0), True),
        ("cordoned", cordoned(), True),
        ("a plan", spec(warmup={"mode": "Plan"}), True),
        ("a spec that cannot be read", spec(weight="ten"), False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_pool_is_told_who_is_out_by_wish(name: str, cluster: Cluster, wished: bool) -> None:
    view, assessment, _ = cluster.look()
    assert observation(view, assessment, Vitals()).wished_out is wished


def test_a_relay_out_by_its_health_must_be_there_to_come_back() -> None:
    cluster = unready()
    cluster.health = HealthRecord(servers={"mx1": ServerRecord(relay=OUT)})
    assert not look(cluster).alive
