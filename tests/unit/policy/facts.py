"""Facts of an ordinary day, for tests to bend: `egress_facts(rule=Rule.ABSENT)`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from smtppool.api.documents import EgressObservation, Intake, Lanes, QueueDepth, Report
from smtppool.api.names import Key
from smtppool.api.smtppool import EgressCheckMode
from smtppool.api.smtpserver import DesiredState, WarmupMode
from smtppool.policy.drain_facts import Asked, AskedBy, DrainFacts
from smtppool.policy.egress import EgressFacts, Rule
from smtppool.policy.emptiness import PodState, QueueFacts
from smtppool.policy.lifecycle import LifecycleFacts, QueueDecision
from smtppool.policy.rolling import RollMember
from smtppool.policy.verdict import format_time
from smtppool.policy.weights import MemberFacts

NOW = datetime(2025, 11, 21, 12, 0, tzinfo=UTC)
ADDRESS = "198.51.100.11"
OTHER_ADDRESS = "198.51.100.99"
UID = "pod-1"
POD_ADDRESS = "10.244.1.5"

# All that the pattern of Timestamp lets through: real times of every year, and texts that only look like one.
STAMPS = (
    st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
    | st.sampled_from(["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999Z"])
    | st.from_regex(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z\Z")
)
MOMENTS = st.datetimes(timezones=st.just(UTC)) | st.just(datetime.max.replace(tzinfo=UTC))


def ago(**units: float) -> str:
    """RFC 3339 text of NOW minus that time."""
    return format_time(NOW - timedelta(**units))


def observation(address: str | None = ADDRESS, *, at: str | None = None, error: str | None = None) -> EgressObservation:
    """What the agent saw a minute ago."""
    return EgressObservation(observed_address=address, observed_at=at or ago(minutes=1), error=error)


def report(**fields: Any) -> Report:
    """The report of a running, verified, idle relay."""
    known: dict[str, Any] = {
        "server": "mx1",
        "pod_uid": UID,
        "pod_address": POD_ADDRESS,
        "egress": observation(),
        "queue": QueueDepth(),
        "intake": Intake.OPEN,
    }
    return Report(**(known | fields))


def egress_facts(**fields: Any) -> EgressFacts:
    """A verified relay whose lanes are open."""
    verified = EgressFacts(
        smarthost=False,
        mode=EgressCheckMode.VERIFY,
        expected=ADDRESS,
        pod_uid=UID,
        pod_address=POD_ADDRESS,
        rule=Rule.NOT_NEEDED,
        rival=None,
        report=report(),
        report_invalid=False,
        granted=True,
        unknown_since=None,
        settled_at=NOW - timedelta(hours=1),
        interval=timedelta(minutes=5),
        now=NOW,
    )
    return replace(verified, **fields)


def member_facts(**fields: Any) -> MemberFacts:
    """A member in traffic with weight 50."""
    member = MemberFacts(
        name="mx1",
        accepted=True,
        deleted=False,
        pod_address=POD_ADDRESS,
        terminating=False,
        lanes_open=True,
        reported=True,
        base_weight=50,
        desired=DesiredState.ACTIVE,
        warmup=WarmupMode.WARM,
        rolling=False,
    )
    return replace(member, **fields)


def roll_member(name: str, **fields: Any) -> RollMember:
    """A member that serves with an old template."""
    member = RollMember(
        name=name,
        outdated=True,
        ready=True,
        available=True,
        terminating=False,
        draining_since=None,
        drained=False,
    )
    return replace(member, **fields)


def queue_facts(**fields: Any) -> QueueFacts:
    """A running relay with an open intake that it is told to close."""
    queue = QueueFacts(
        server=Key("mail", "mx1"),
        namespace_terminating=False,
        ever_reported=True,
        pod=PodState.RUNNING,
        pod_uid=UID,
        pod_address=POD_ADDRESS,
        granted=Intake.CLOSED,
        report=report(),
        last_words=None,
        last_pod_uid=UID,
        known_depth=QueueDepth(),
    )
    return replace(queue, **fields)


def lifecycle_facts(**fields: Any) -> LifecycleFacts:
    """A deleted server with all its children."""
    deleted = LifecycleFacts(
        deleted=True,
        paused=False,
        decision=QueueDecision.NONE,
        proven_empty=False,
        queue=queue_facts(),
        drain=None,
        workload_exists=True,
        volume_exists=True,
        volume_kept=False,
        children_exist=True,
        since=NOW - timedelta(minutes=1),
        now=NOW,
    )
    return replace(deleted, **fields)


def drain_facts(**fields: Any) -> DrainFacts:
    """A relay with nothing to do whose user wants it to be empty, a moment after the intake was closed."""
    drained = DrainFacts(
        asked=Asked(AskedBy.USER, release=True),
        cordoned=None,
        observe=False,
        begun=True,
        released=False,
        entry=False,
        in_rotation=False,
        lanes=Lanes.OPEN,
        peers=("mx2", "mx3"),
        giving=(),
        queue=queue_facts(),
        since=NOW - timedelta(seconds=1),
        now=NOW,
    )
    return replace(drained, **fields)
