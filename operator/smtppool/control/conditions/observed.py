"""What a pass saw and decided, for the conditions to tell."""

from dataclasses import dataclass, field
from typing import Any

from smtppool.api.documents import Routing
from smtppool.control.assess import Assessment
from smtppool.control.attempt import Problem
from smtppool.control.scored import Scored
from smtppool.control.view import PoolView, ServerView
from smtppool.kube.kinds import Body
from smtppool.policy.emptiness import PodState
from smtppool.policy.lifecycle import LifecycleDecision
from smtppool.policy.nodes import Homes
from smtppool.policy.placement import Placement
from smtppool.policy.rolling import RollDecision
from smtppool.policy.verdict import Verdict


@dataclass(frozen=True, kw_only=True)
class ServerObserved:
    """One server's pass. `weight` is the one that the routing gives it."""

    view: ServerView
    assessment: Assessment
    placement: Placement
    problems: tuple[Problem, ...]
    lifecycle: LifecycleDecision
    pod_state: PodState
    volume: Body | None
    weight: int
    homes: Homes | None = None  # of a pod that waits for a node while some are cordoned
    scored: Scored | None = None


@dataclass(frozen=True, kw_only=True)
class PoolObserved:
    """One pool's pass. `routing` is the one in force."""

    view: PoolView
    accepted: Verdict
    problems: tuple[Problem, ...]
    servers: tuple[tuple[ServerView, Assessment], ...]
    routing: Routing | None
    roll: RollDecision
    on_cordoned: list[dict[str, Any]] = field(default_factory=list)  # as the status has it
    scored: Scored | None = None

    @property
    def weights(self) -> dict[str, int]:
        """Weight in force of each routed member."""
        return {member.name: member.weight for member in self.routing.members} if self.routing else {}
