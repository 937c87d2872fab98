"""All decisions on one server at one moment, without a side effect: routing, grant and status are made from these.

What cannot be read any longer (pool gone, spec wrong) is taken from what is in force: the grant and the routing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from smtppool.api.documents import Grant, Lanes
from smtppool.api.health_record import HealthRecord
from smtppool.api.pool_health import HealthAction
from smtppool.api.smtppool import Mode
from smtppool.api.smtpserver import DesiredState, WarmupMode
from smtppool.control.drains import drain_facts, grant_of, handed_over
from smtppool.control.egress_facts import check_order, egress_facts, granted
from smtppool.control.neighbours import Neighbours
from smtppool.control.nodes import elsewhere
from smtppool.control.view import ServerView
from smtppool.policy.acceptance import accept_server
from smtppool.policy.drain import DrainDecision, decide_drain
from smtppool.policy.drain_facts import AskedBy
from smtppool.policy.egress import EgressDecision, decide_egress
from smtppool.policy.health.record import excluded_of, is_out, share_of
from smtppool.policy.placement import ANYWHERE, Placement, place
from smtppool.policy.verdict import Verdict
from smtppool.policy.weights import UNDECIDED, UNHEALTHY, MemberFacts, WeightDecision, decide_weight
from smtppool.render.egress import interface
from smtppool.render.egress.placement import pinned_node
from smtppool.render.egress.table import egress_provider

# Reasons for which what is in force stays in force; a Conflict or a bad name never gets that far.
_KEEPS = {"Accepted", "InvalidSpec", "PoolNotFound", UNDECIDED}


@dataclass(frozen=True, kw_only=True)
class InForce:
    """What decisions of before have left; `frozen_weights` by server, for those that `keeps_weight`."""

    frozen_weights: Mapping[str, int]
    settled_at: datetime
    health: HealthRecord


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """`established`: it was accepted once and has a grant, so that there is something to keep in force."""

    accepted: Verdict
    established: bool
    egress: EgressDecision
    drain: DrainDecision
    asked_by: AskedBy | None  # who wants it to be emptied
    grant: Grant
    member: MemberFacts
    weight: WeightDecision

    @property
    def in_force(self) -> bool:
        """Its children exist or shall exist."""
        return self.accepted.status == "True" or (self.established and self.accepted.reason in _KEEPS)

    @property
    def unwell(self) -> bool:
        """Its health alone keeps it out of traffic."""
        return self.weight.reason == UNHEALTHY or self.asked_by is AskedBy.HEALTH

    @property
    def undrained(self) -> MemberFacts:
        """The facts as they would be if nobody wanted it to be emptied."""
        return replace(self.member, emptied=False, lanes_open=self.egress.lanes is Lanes.OPEN)


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
    egress = decide_egress(egress_facts(view, neighbours, rival=sender, settled_at=in_force.settled_at, now=now))
    asks = _health_asks(view, in_force.health)
    emptying = drain_facts(view, neighbours, lanes=egress.lanes, health=asks, record=in_force.health, now=now)
    drain = decide_drain(emptying)
    excluded = _excluded(view, in_force.health)
    member = _member_facts(
        view,
        in_force,
        accepted=accepted.status == "True" or (established and accepted.reason in _KEEPS),
        lanes_open=egress.lanes is Lanes.OPEN and granted(view),
        emptied=drain.leaves,
        excludes=bool(excluded),
    )
    return Assessment(
        accepted=accepted,
        established=established,
        egress=egress,
        drain=drain,
        asked_by=emptying.asked.by if emptying.asked is not None else None,
        grant=grant_of(view, egress, drain, order=check_order(view), excluded=handed_over(view, neighbours, excluded)),
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
    current = None if view.workload is None else pinned_node(view.workload["spec"]["template"])
    return place(
        source=view.relay.egress.source,
        required=need is interface.Placement.WHERE_HELD,
        held=neighbours.nodes().held,
        current=current,
        elsewhere=elsewhere(view, neighbours, pinned=current),
    )


def keeps_weight(view: ServerView) -> bool:
    """What cannot be read changes no traffic, and neither does a pool that only observes."""
    pool = view.pool
    return view.spec is None or pool is None or pool.spec is None or pool.spec.mode is Mode.OBSERVE


def _health_asks(view: ServerView, record: HealthRecord) -> HealthAction | None:
    """What the pool's policy wants of a member that its health took out of the traffic."""
    if view.pool is None or view.pool.spec is None or not is_out(record, view.key.name):
        return None
    return view.pool.spec.health.action


def _excluded(view: ServerView, record: HealthRecord) -> tuple[str, ...]:
    """Nothing while the pool only observes."""
    return () if keeps_weight(view) else excluded_of(record, view.key.name)


def _member_facts(
    view: ServerView, in_force: InForce, *, accepted: bool, lanes_open: bool, emptied: bool, excludes: bool
) -> MemberFacts:
    spec, pool, pod = view.spec, view.pool, view.pod
    share, told = share_of(in_force.health, view.key.name)
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
        emptied=emptied,
        excludes=excludes,
        observe=keeps_weight(view),
        frozen_weight=in_force.frozen_weights.get(view.key.name, 0),
        health_share=share,
        health_message=told,
    )
