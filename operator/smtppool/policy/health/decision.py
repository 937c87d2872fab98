"""What a health decision says: who stands where, what is done now, and what a rule of the pool kept from being done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from smtppool.api.outcomes import Standing
from smtppool.policy.health.examine import ServerState, Subject
from smtppool.policy.health.gates import Cause


class ActionKind(StrEnum):
    """The first three are the pool's `spec.health.action`."""

    CORDON = "Cordon"
    HAND_OVER = "HandOver"
    SCALE_DOWN = "ScaleDown"
    EXCLUDE = "ExcludeProvider"
    RETURN = "Return"  # to probation
    RESTORE = "Restore"  # to the full weight


class Action(NamedTuple):
    """One step for one subject, with its reason."""

    kind: ActionKind
    subject: Subject
    reason: str
    message: str


class Rule(StrEnum):
    """A rule of the pool that keeps a bad member in traffic."""

    LAST_MEMBER = "LastMember"
    MIN_AVAILABLE = "MinAvailable"
    ALL_BAD = "AllBad"
    MAX_UNAVAILABLE = "MaxUnavailable"
    SPACING = "Spacing"
    NOT_RECORDED = "NotRecorded"  # the routing follows the record


class Refusal(NamedTuple):
    """A cut that was not made, and the moment from which time alone allows it."""

    rule: Rule
    subject: Subject
    message: str
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Health:
    """A subject's health as the status tells it. `score` None: `NotEvaluated`."""

    score: int | None
    standing: Standing
    since: datetime | None
    reason: str
    message: str


@dataclass(frozen=True, kw_only=True)
class MemberHealth:
    """A member: `share` of its base weight in force; `decided` differs in mode Observe, or where it is barred."""

    name: str
    share: float
    decided: float
    relay: Health
    providers: Mapping[str, Health]
    excluded: frozenset[str]  # providers whose mail it hands to peers; empty in mode Observe
    unevaluated: tuple[str, ...] = ()  # inputs that nobody gives, as people call them


@dataclass(frozen=True, kw_only=True)
class Decision:
    """At most one cut or return by health; more returns only where the pool would be too small."""

    members: tuple[MemberHealth, ...]
    actions: tuple[Action, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    next_check: datetime | None = None


class Freeze(NamedTuple):
    """Since when all are bad alike, and when they last were; None: as it was written down."""

    since: datetime
    agreed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class PoolState:
    """All that is remembered of a pool between decisions."""

    servers: Mapping[str, ServerState] = field(default_factory=dict)
    acted_at: datetime | None = None
    acted_on: str | None = None
    frozen: Mapping[tuple[str | None, Cause], Freeze] = field(default_factory=dict)
