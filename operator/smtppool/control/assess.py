"""All decisions on one server at one moment, without a side effect: routing, grant and status are made from these.

What cannot be read any longer (pool gone, spec wrong) is taken from what is in force: the grant and the routing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from smtppool.api.documents import EgressCheckOrder, Grant, Intake, Lanes, is_of_pod
from smtppool.api.names import Key
from smtppool.api.smtppool import EgressCheckMode, Mode
from smtppool.api.smtpserver import DesiredState, EgressProviderName, WarmupMode
from smtppool.api.units import parse_duration
from smtppool.control.neighbours import Neighbours
from smtppool.control.view import ServerView
from smtppool.policy.acceptance import accept_server
from smtppool.policy.egress import EgressDecision, EgressFacts, Rule, decide_egress
from smtppool.policy.placement import ANYWHERE, Placement, place
from smtppool.policy.verdict import Verdict, parse_time
from smtppool.policy.weights import MemberFacts, WeightDecision, decide_weight
from smtppool.render.egress import interface
from smtppool.render.egress.placement import pinned_node
from smtppool.render.egress.table import egress_provider, provider_in_use

_INTERVAL = timedelta(minutes=5)
# Reasons for which what is in force stays in force; a Conflict or a bad name never gets that far.
_KEEPS = {"Accepted", "InvalidSpec", "PoolNotFound"}


@dataclass(frozen=True, kw_only=True)
class InForce:
    """What decisions of before have left; `frozen_weights` by server, for those that `keeps_weight`."""

    frozen_weights: Mapping[str, int]
    settled_at: datetime


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """`established`: it was accepted once and has a grant, so that there is something to keep in force."""

    accepted: Verdict
    established: bool
    egress: EgressDecision
    grant: Grant
    member: MemberFacts
    weight: WeightDecision

    @property
    def in_force(self) -> bool:
        """Its children exist or shall exist."""
        return self.accepted.status == "True" or (self.established and self.accepted.reason in _KEEPS)


def assess(view: ServerView, *, neighbours: Neighbours, in_force: InForce, now: datetime) -> Assessment:
    """The moment's decisions."""
    rivals = neighbours.rivals(view)
    accepted = accept_server(
        key=view.key,
        errors=view.errors,
        pool=view.pool_key.name,
        pool_exists=view.pool is not None,
        rivals=rivals,
        surplus=neighbours.is_surplus(view),
    )
    established = view.grant is not None
    sender = min(rivals.values()) if rivals else neighbours.sender(view)
    egress = decide_egress(_egress_facts(view, neighbours, rival=sender, settled_at=in_force.settled_at, now=now))
    member = _member_facts(
        view,
        in_force,
        accepted=accepted.status == "True" or (established and accepted.reason in _KEEPS),
        lanes_open=egress.lanes is Lanes.OPEN and _granted(view),
    )
    return Assessment(
        accepted=accepted,
        established=established,
        egress=egress,
        grant=_grant(view, egress),
        member=member,
        weight=decide_weight(member),
    )


def placement_of(view: ServerView, neighbours: Neighbours) -> Placement:
    """Where the relay's pod must run."""
    if view.relay is None:
        return ANYWHERE
    need = egress_provider(view.relay).placement
    if need is interface.Placement.ANYWHERE:
        return ANYWHERE
    return place(
        source=view.relay.egress.source,
        required=need is interface.Placement.WHERE_HELD,
        held=neighbours.nodes().held,
        current=None if view.workload is None else pinned_node(view.workload["spec"]["template"]),
    )


def keeps_weight(view: ServerView) -> bool:
    """What cannot be read changes no traffic, and neither does a pool that only observes."""
    pool = view.pool
    return view.spec is None or pool is None or pool.spec is None or pool.spec.mode is Mode.OBSERVE


def check_order(view: ServerView) -> EgressCheckOrder:
    """What the agent has to check: as the pool says, else as ordered before."""
    if view.relay is None:
        return EgressCheckOrder()
    if view.pool is None or view.pool.spec is None:
        return view.grant.egress_check if view.grant else EgressCheckOrder(expected=view.relay.egress.address)
    check = view.pool.spec.egress_check
    return EgressCheckOrder(
        endpoint=check.endpoint if check.mode is EgressCheckMode.VERIFY else None,
        interval_seconds=int(parse_duration(check.interval).total_seconds()),
        expected=view.relay.egress.address,
    )


def _egress_facts(
    view: ServerView, neighbours: Neighbours, *, rival: Key | None, settled_at: datetime, now: datetime
) -> EgressFacts:
    order = check_order(view)
    condition = view.condition("EgressVerified")
    return EgressFacts(
        smarthost="smarthost" in view.body["spec"],
        mode=EgressCheckMode.OFF if order.endpoint is None else EgressCheckMode.VERIFY,
        expected=order.expected or "",
        pod_uid=view.pod.uid if view.pod is not None else None,
        pod_address=view.pod.address if view.pod is not None else None,
        rule=_rule(view, neighbours),
        rival=rival,
        report=view.report,
        report_invalid=view.report_invalid,
        granted=_granted(view),
        unknown_since=parse_time(condition.get("lastTransitionTime")) if condition.get("status") == "Unknown" else None,
        settled_at=settled_at,
        interval=timedelta(seconds=order.interval_seconds) if order.endpoint else _INTERVAL,
        now=now,
    )


def _rule(view: ServerView, neighbours: Neighbours) -> Rule:
    pod = view.pod
    if view.relay is None or pod is None or pod.node is None or pod.address is None:
        return Rule.NOT_NEEDED if view.relay is None or _needs_no_rule(view) else Rule.UNKNOWN
    provider = provider_in_use(view.relay, label=pod.egress)
    wanted = provider.node_rule(view.relay.egress, pod_address=pod.address, held=True)
    if wanted is None:
        return Rule.NOT_NEEDED
    report = neighbours.node(pod.node)
    if report is None:
        return Rule.UNKNOWN
    return Rule.APPLIED if wanted in report.applied else Rule.ABSENT


def _needs_no_rule(view: ServerView) -> bool:
    return view.relay is not None and view.relay.egress.provider is not EgressProviderName.NODE


def _granted(view: ServerView) -> bool:
    """The grant in force opens lanes, and is for the present pod at its present address."""
    grant, pod = view.grant, view.pod
    if grant is None or pod is None or grant.lanes is not Lanes.OPEN:
        return False
    return is_of_pod(grant, uid=pod.uid, address=pod.address)


def _grant(view: ServerView, egress: EgressDecision) -> Grant:
    drained = view.spec is not None and view.spec.desired_state is DesiredState.DRAINED
    return Grant(
        server=view.key.name,
        pod_uid=view.pod.uid if view.pod is not None else None,
        pod_address=view.pod.address if view.pod is not None else None,
        lanes=egress.lanes,
        intake=Intake.CLOSED if view.deleted or drained else Intake.OPEN,
        reason="" if egress.lanes is Lanes.OPEN else egress.verdict.reason,
        egress_check=check_order(view),
    )


def _member_facts(view: ServerView, in_force: InForce, *, accepted: bool, lanes_open: bool) -> MemberFacts:
    spec, pool, pod = view.spec, view.pool, view.pod
    rolling = pool is not None and pool.status.get("rolling") == view.key.name and view.outdated
    return MemberFacts(
        name=view.key.name,
        accepted=accepted,
        deleted=view.deleted,
        pod_address=pod.address if pod else None,
        terminating=pod is not None and pod.terminating,
        lanes_open=lanes_open,
        reported=view.ever_reported,
        base_weight=0 if spec is None else spec.weight,
        desired=DesiredState.ACTIVE if spec is None else spec.desired_state,
        warmup=WarmupMode.WARM if spec is None else spec.warmup.mode,
        rolling=rolling,
        observe=keeps_weight(view),
        frozen_weight=in_force.frozen_weights.get(view.key.name, 0),
    )
