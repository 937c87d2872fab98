"""What is known of a server that is to be emptied, and the grant that follows from what is decided.

The grant in force, the conditions and the mark on the StatefulSet say how far it is, so a restarted operator goes on.
"""

from datetime import datetime

from smtppool.api.documents import EgressCheckOrder, Grant, Intake, Lanes, Member, MemberState, QueueDepth
from smtppool.api.health_record import HealthRecord
from smtppool.api.pool_health import HealthAction
from smtppool.api.smtppool import Mode
from smtppool.api.smtpserver import DesiredState
from smtppool.control.neighbours import Neighbours
from smtppool.control.nodes import on_cordoned
from smtppool.control.pods import pod_state
from smtppool.control.view import ServerView
from smtppool.kube.kinds import annotation
from smtppool.policy.drain import DrainDecision
from smtppool.policy.drain_facts import DrainFacts, Giving, who_asks
from smtppool.policy.egress import EgressDecision
from smtppool.policy.emptiness import QueueFacts
from smtppool.policy.health.record import excluded_of
from smtppool.policy.verdict import parse_time
from smtppool.render.statefulset import RELEASED


def drain_facts(
    view: ServerView,
    neighbours: Neighbours,
    *,
    lanes: Lanes,
    health: HealthAction | None,
    record: HealthRecord,
    now: datetime,
) -> DrainFacts:
    """`lanes`: what the server's own address allows; `health`: what its health asks for beyond a smaller weight."""
    cordoned = on_cordoned(view, neighbours)
    asked = who_asks(deleted=view.deleted, desired=_desired(view), health=health, cordoned=cordoned)
    members = _members(view, neighbours) if asked is not None else ()
    return DrainFacts(
        asked=asked,
        cordoned=cordoned,
        observe=view.pool is not None and view.pool.spec is not None and view.pool.spec.mode is Mode.OBSERVE,
        begun=view.grant is not None and view.grant.intake is Intake.CLOSED,
        released=is_released(view),
        entry=view.pod is not None and view.pod.labelled,
        in_rotation=any(one.name == view.key.name and one.state is MemberState.READY for one in members),
        lanes=lanes,
        peers=_peers(view, members),
        giving=_giving(view, members, record),
        queue=queue_facts(view, now=now),
        since=known_since(view),
        now=now,
    )


def handed_over(view: ServerView, neighbours: Neighbours, excluded: tuple[str, ...]) -> tuple[str, ...]:
    """The `excluded` providers, if a peer can take their mail: a bad address is better than none."""
    return excluded if excluded and _peers(view, _members(view, neighbours)) else ()


def grant_of(
    view: ServerView,
    egress: EgressDecision,
    drain: DrainDecision,
    *,
    order: EgressCheckOrder,
    excluded: tuple[str, ...] = (),
) -> Grant:
    """Lanes as the egress allows, unless the mail goes to peers: all of it, or that of the `excluded` providers."""
    return Grant(
        server=view.key.name,
        pod_uid=view.pod.uid if view.pod is not None else None,
        pod_address=view.pod.address if view.pod is not None else None,
        lanes=drain.lanes(egress.lanes),
        intake=drain.intake,
        reason="" if egress.lanes is Lanes.OPEN else egress.verdict.reason,
        excluded=excluded,
        egress_check=order,
    )


def queue_facts(view: ServerView, *, now: datetime) -> QueueFacts:
    """As the cache has it, in a namespace that goes on."""
    pod, known = view.pod, view.status.get("queue")
    return QueueFacts(
        server=view.key,
        namespace_terminating=False,
        ever_reported=view.ever_reported,
        pod=pod_state(pod.body if pod else None, now=now),
        pod_uid=pod.uid if pod else None,
        pod_address=pod.address if pod else None,
        granted=view.grant.intake if view.grant is not None else None,
        report=view.last_report,
        last_words=None,
        last_pod_uid=pod.uid if pod else None,
        known_depth=QueueDepth.model_validate(known) if known is not None else None,
    )


def _members(view: ServerView, neighbours: Neighbours) -> tuple[Member, ...]:
    routing = neighbours.routing(view.pool_key)
    return routing.members if routing is not None else ()


def _peers(view: ServerView, members: tuple[Member, ...]) -> tuple[str, ...]:
    return tuple(one.name for one in members if one.takes_over and one.name != view.key.name)


def _giving(view: ServerView, members: tuple[Member, ...], record: HealthRecord) -> tuple[Giving, ...]:
    shut = (one.name for one in members if _serves(one) and not one.handover and one.name != view.key.name)
    return tuple(Giving(name, excluded) for name in shut if (excluded := excluded_of(record, name)))


def _serves(member: Member) -> bool:
    return member.weight > 0 and member.state is MemberState.READY


def is_released(view: ServerView) -> bool:
    """Its queue was proven empty and it has no pod since."""
    return view.workload is not None and annotation(view.workload, RELEASED) == "true"


def _desired(view: ServerView) -> DesiredState:
    """Also of a spec that is wrong elsewhere: a drain does not end by a typing error."""
    stated = view.body["spec"].get("desiredState")
    return DesiredState(stated) if stated in set(DesiredState) else DesiredState.ACTIVE


def known_since(view: ServerView) -> datetime | None:
    """Since when it is being emptied, as its status has it."""
    condition = view.condition("Draining")
    return parse_time(condition.get("lastTransitionTime")) if condition.get("status") == "True" else None
