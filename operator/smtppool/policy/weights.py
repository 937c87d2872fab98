"""Which weight a member has in the routing, and why it has none.

Weight above 0 needs lanes that are granted open to the very pod that the routing names. Readiness is no input:
HAProxy's checks see a dead relay sooner than the API server does.
"""

from dataclasses import dataclass

from smtppool.api.documents import Member, MemberState
from smtppool.api.smtpserver import DesiredState, WarmupMode


@dataclass(frozen=True, kw_only=True)
class MemberFacts:
    """One server as the pool sees it. `frozen_weight` is set in mode Observe: what was in force before."""

    name: str
    accepted: bool
    deleted: bool
    pod_address: str | None
    terminating: bool
    lanes_open: bool  # decided open now, and granted open to this pod
    reported: bool  # once, by whatever pod: a relay that never did is deleted as one that never had mail
    base_weight: int
    desired: DesiredState
    warmup: WarmupMode
    rolling: bool
    undecided: bool = False  # the decisions about it fail: nobody knows whether it may send
    emptied: bool = False  # its queue is handed over or gone (`drain.py`), whoever asked
    excludes: bool = False  # it hands the mail of some provider to peers
    observe: bool = False
    frozen_weight: int = 0
    health_share: float = 1.0  # part of the base weight that its health leaves, 0..1
    health_message: str = ""

    @property
    def wished_out(self) -> bool:
        """Its user does not want it in the traffic, whatever else keeps it out."""
        active = self.desired is DesiredState.ACTIVE and self.warmup is not WarmupMode.PLAN
        return self.deleted or not active or self.base_weight == 0


@dataclass(frozen=True)
class WeightDecision:
    """Weight in force. `decided` differs from `weight` in mode Observe only.

    `barred`: what keeps it out of traffic whatever its health; None for nothing.
    """

    weight: int
    decided: int
    reason: str
    message: str
    barred: str | None = None


DRAINED = "Drained"
UNHEALTHY = "Unhealthy"
PROBATION = "Probation"
UNDECIDED = "Undecided"
_UNSAFE = {
    "Deleted": "the server is being deleted",
    UNDECIDED: "the decision about this server fails: see the operator's log",
    "NotAccepted": "the spec is not accepted",
    DRAINED: "the relay is being emptied, or is empty",
    "NoPod": "no pod has an address",
    "Terminating": "the pod is terminating",
    "LanesClosed": "lanes are closed: the egress address is not verified for this pod",
    "NoReport": "its agent has not reported yet",
}
_HELD = {
    "Drained": "desiredState is Drained",
    "Cordoned": "desiredState is Cordoned",
    "Rolling": "the pod is about to be replaced",
    "NotEvaluated": "warmup.mode is Plan, and plans are not evaluated yet; an address that receivers know is Warm",
    "ZeroWeight": "the stated weight is 0",
}


def decide_weight(facts: MemberFacts) -> WeightDecision:
    """Safety first; then what the user asked for; then health; Observe keeps the weight that was in force."""
    unsafe = _first(
        Deleted=facts.deleted,
        Undecided=facts.undecided,
        NotAccepted=not facts.accepted,
        Drained=facts.emptied,
        NoPod=facts.pod_address is None,
        Terminating=facts.terminating,
        LanesClosed=not facts.lanes_open,
        NoReport=not facts.reported,
    )
    if unsafe:
        return WeightDecision(0, 0, unsafe, _UNSAFE[unsafe], barred=unsafe)
    held = _first(
        Drained=facts.desired is DesiredState.DRAINED,
        Cordoned=facts.desired is DesiredState.CORDONED,
        Rolling=facts.rolling,
        NotEvaluated=facts.warmup is WarmupMode.PLAN,
        ZeroWeight=facts.base_weight == 0,
    )
    decided = 0 if held else _by_health(facts)
    if facts.observe:
        message = f"mode Observe: the weight stays {facts.frozen_weight}, decided was {decided}"
        return WeightDecision(facts.frozen_weight, decided, "Observe", message, barred=held)
    if held:
        return WeightDecision(0, 0, held, _HELD[held], barred=held)
    if facts.health_share >= 1:
        return WeightDecision(decided, decided, "InTraffic", f"in traffic with weight {decided}")
    if decided == 0:
        return WeightDecision(0, 0, UNHEALTHY, f"out of traffic by its health: {facts.health_message}")
    message = f"on probation with weight {decided} of {facts.base_weight}: {facts.health_message}"
    return WeightDecision(decided, decided, PROBATION, message)


def _by_health(facts: MemberFacts) -> int:
    """Its part of the base weight; at least 1 of what is not out, as probation needs some mail to be judged by."""
    if facts.health_share <= 0:
        return 0
    return max(1, int(facts.base_weight * facts.health_share))


def routed(facts: MemberFacts, decision: WeightDecision, *, entry: bool) -> Member | None:
    """The member's line in the routing; None without an address. At weight 0 it stays: peers accept its handovers."""
    if facts.pod_address is None:
        return None
    leaving = facts.deleted or facts.terminating or decision.reason in {"Drained", "Cordoned", "Rolling"}
    return Member(
        name=facts.name,
        address=facts.pod_address,
        weight=decision.weight,
        state=MemberState.DRAIN if leaving else MemberState.READY,
        handover=_takes_handover(facts, decision) and not leaving,
        entry=entry,
    )


def _takes_handover(facts: MemberFacts, decision: WeightDecision) -> bool:
    """Who gives mail away takes none: two that exclude the same provider would exchange its mail until it bounces."""
    trusted = decision.reason != UNHEALTHY and facts.desired is not DesiredState.DRAINED
    return facts.lanes_open and facts.reported and trusted and not facts.excludes


def _first(**checks: bool) -> str | None:
    return next((name for name, holds in checks.items() if holds), None)
