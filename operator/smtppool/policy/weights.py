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
    observe: bool = False
    frozen_weight: int = 0


@dataclass(frozen=True)
class WeightDecision:
    """Weight in force. `decided` differs from `weight` in mode Observe only."""

    weight: int
    decided: int
    reason: str
    message: str


_UNSAFE = {
    "Deleted": "the server is being deleted",
    "NotAccepted": "the spec is not accepted",
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
    """Safety first; then what the user asked for; Observe keeps the weight that was in force."""
    unsafe = _first(
        Deleted=facts.deleted,
        NotAccepted=not facts.accepted,
        NoPod=facts.pod_address is None,
        Terminating=facts.terminating,
        LanesClosed=not facts.lanes_open,
        NoReport=not facts.reported,
    )
    if unsafe:
        return WeightDecision(0, 0, unsafe, _UNSAFE[unsafe])
    held = _first(
        Drained=facts.desired is DesiredState.DRAINED,
        Cordoned=facts.desired is DesiredState.CORDONED,
        Rolling=facts.rolling,
        NotEvaluated=facts.warmup is WarmupMode.PLAN,
        ZeroWeight=facts.base_weight == 0,
    )
    decided = 0 if held else facts.base_weight
    if facts.observe:
        message = f"mode Observe: the weight stays {facts.frozen_weight}, decided was {decided}"
        return WeightDecision(facts.frozen_weight, decided, "Observe", message)
    if held:
        return WeightDecision(0, 0, held, _HELD[held])
    return WeightDecision(decided, decided, "InTraffic", f"in traffic with weight {decided}")


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
        handover=facts.lanes_open and facts.reported and facts.desired is not DesiredState.DRAINED and not leaving,
        entry=entry,
    )


def _first(**checks: bool) -> str | None:
    return next((name for name, holds in checks.items() if holds), None)
