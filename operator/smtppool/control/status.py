"""Statuses as the API server gets them, written last in each pass, and one Event for each decision that changed."""

from collections.abc import Mapping
from typing import Any

from smtppool.api.conditions import ConditionType
from smtppool.api.documents import QueueDepth
from smtppool.api.names import SERVICE_PORT
from smtppool.control.conditions.drain_blocked import drain_blocked
from smtppool.control.conditions.draining import draining
from smtppool.control.conditions.egress_verified import egress_verified
from smtppool.control.conditions.healthy import healthy, pool_healthy
from smtppool.control.conditions.not_evaluated import identity_verified, warm
from smtppool.control.conditions.observed import PoolObserved, ServerObserved
from smtppool.control.conditions.pool_ready import pool_ready
from smtppool.control.conditions.pool_reconciled import pool_reconciled
from smtppool.control.conditions.queue_unreachable import queue_unreachable
from smtppool.control.conditions.ready import ready
from smtppool.control.conditions.reconciled import PAUSED, reconciled
from smtppool.control.view import ServerView, Viewed
from smtppool.policy.health.decision import Health
from smtppool.policy.health.telling import HEALTHY
from smtppool.policy.lifecycle import LifecycleDecision
from smtppool.policy.verdict import Verdict, format_time, quoted
from smtppool.policy.weights import DRAINED, PROBATION

Verdicts = Mapping[ConditionType, Verdict]
_DEPTHS = ("incoming", "active", "deferred", "hold", "corrupt")


def server_status(observed: ServerObserved) -> dict[str, Any]:
    """Of one SmtpServer."""
    view, relay = observed.view, observed.view.relay
    verdicts = {
        ConditionType.READY: ready(observed),
        ConditionType.ACCEPTED: observed.assessment.accepted,
        ConditionType.RECONCILED: reconciled(observed.problems, what="children"),
        ConditionType.EGRESS_VERIFIED: egress_verified(observed),
        ConditionType.HEALTHY: healthy(observed.scored, view.key.name),
        ConditionType.WARM: warm(view),
        ConditionType.DRAINING: draining(observed),
        ConditionType.DRAIN_BLOCKED: drain_blocked(observed),
        ConditionType.QUEUE_UNREACHABLE: queue_unreachable(observed),
        ConditionType.IDENTITY_VERIFIED: identity_verified(),
    }
    status = {
        "observedGeneration": view.generation,
        "state": _state(observed),
        "weight": observed.weight,
        "address": relay.egress.address if relay else _smarthost(view),
        "observedAddress": view.own_report.egress.observed_address if view.own_report else None,
        "node": view.pod.node if view.pod else None,
        "queue": _queue(view),
        **_health(observed),
        "conditions": _conditions(verdicts, view.generation),
    }
    return {name: value for name, value in status.items() if value is not None}


def pool_status(observed: PoolObserved) -> dict[str, Any]:
    """Of one SmtpPool."""
    view = observed.view
    verdicts = {
        ConditionType.READY: pool_ready(observed),
        ConditionType.ACCEPTED: observed.accepted,
        ConditionType.RECONCILED: pool_reconciled(observed),
        ConditionType.HEALTHY: pool_healthy(observed.scored),
    }
    members = len(observed.servers)
    in_traffic = sum(weight > 0 for weight in observed.weights.values())
    depths = [depth for server, _ in observed.servers if (depth := _depth(server)) is not None]
    status = {
        "observedGeneration": view.generation,
        "members": members,
        "inTraffic": in_traffic,
        "servers": f"{in_traffic}/{members}",
        "entry": f"{view.key.name}.{view.key.namespace}.svc:{SERVICE_PORT}",
        "queued": sum(depth.messages for depth in depths) if depths else None,
        "rolling": observed.roll.picked,
        "onCordonedNodes": observed.on_cordoned or None,
        "conditions": _conditions(verdicts, view.generation),
    }
    return {name: value for name, value in status.items() if value is not None}


def plan_status(view: Viewed, *, accepted: Verdict, servers: int) -> dict[str, Any]:
    """Of one IpWarmupPlan."""
    pending = Verdict("Unknown", "NotEvaluated", "warm-up plans are checked, and not carried out yet")
    verdicts = {ConditionType.ACCEPTED: accepted, ConditionType.READY: pending}
    return {
        "observedGeneration": view.generation,
        "servers": servers,
        "conditions": _conditions(verdicts, view.generation),
    }


def paused_status(view: Viewed, lifecycle: LifecycleDecision | None = None) -> dict[str, Any]:
    """What was there before, and that nothing is done any more."""
    verdicts = {ConditionType.RECONCILED: PAUSED}
    if lifecycle is not None and lifecycle.draining is not None:
        verdicts[ConditionType.DRAINING] = lifecycle.draining
    kept = [
        {name: value for name, value in condition.items() if name != "lastTransitionTime"}
        for condition in view.status.get("conditions", ())
        if condition["type"] not in verdicts
    ]
    return {**view.status, "conditions": [*kept, *_conditions(verdicts, view.generation)]}


def _conditions(verdicts: Verdicts, generation: int) -> list[dict[str, Any]]:
    return [
        {
            "type": kind.value,
            "status": verdict.status,
            "reason": verdict.reason,
            "message": verdict.message,
            "observedGeneration": generation,
        }
        for kind, verdict in verdicts.items()
    ]


def _state(observed: ServerObserved) -> str:
    if observed.view.deleted:
        return "Deleting"
    reason = observed.assessment.weight.reason
    if reason == DRAINED:
        return DRAINED if observed.assessment.drain.empty else "Draining"
    return "InTraffic" if observed.weight and reason != PROBATION else reason


def _health(observed: ServerObserved) -> dict[str, Any]:
    """Score and providers; what was written before is kept until the first decision after a start."""
    if observed.scored is None:
        return {name: observed.view.status.get(name) for name in ("score", "providers")}
    member = observed.scored.member(observed.view.key.name)
    if member is None:
        return {}
    return {"score": member.relay.score, "providers": [_provider(*one) for one in sorted(member.providers.items())]}


def _provider(name: str, health: Health) -> dict[str, Any]:
    told = {
        "name": name,
        "score": health.score,
        "state": health.standing.value,
        "since": format_time(health.since) if health.since else None,
        "reason": health.reason,
        "message": "" if health.reason == HEALTHY else quoted(health.message, limit=512),
    }
    return {field: value for field, value in told.items() if value not in (None, "")}


def _smarthost(view: ServerView) -> str | None:
    return view.spec.smarthost.host[:64] if view.spec and view.spec.smarthost else None


def _depth(view: ServerView) -> QueueDepth | None:
    return view.last_report.queue if view.last_report else None


def _queue(view: ServerView) -> dict[str, int] | None:
    """As last reported; what was written before is kept while there is no report."""
    depth = _depth(view)
    if depth is None:
        return view.status.get("queue")
    return {**{part: getattr(depth, part) for part in _DEPTHS}, "messages": depth.messages}
