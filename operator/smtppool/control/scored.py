"""The last health decision of a pool, for the next one to go on from and for statuses to tell."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from smtppool.control.attempt import Problem
from smtppool.control.vitals import Vitals
from smtppool.policy.health.decision import Decision, MemberHealth, PoolState


class Held(NamedTuple):
    """Why a decision could not be recorded; tried again after `until`."""

    problem: Problem
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Of the pool with this uid. What is `held` is not in force, and so no part of state and decision."""

    uid: str
    state: PoolState
    decision: Decision
    vitals: Mapping[str, Vitals] = field(default_factory=dict)  # by server; begin anew with the operator
    held: Held | None = None

    def member(self, name: str) -> MemberHealth | None:
        """One server's health, if it was a member at that time."""
        return next((member for member in self.decision.members if member.name == name), None)
