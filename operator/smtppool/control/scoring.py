"""The health worker of a pool: reports in, the decision of `policy/health`, its record out.

The routing follows the record and not this process: the record is written first, so a restart changes no weight.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from smtppool.api.names import Key, health_name
from smtppool.api.smtppool import SmtpPoolSpec
from smtppool.control.assess import Assessment
from smtppool.control.attempt import attempt
from smtppool.control.context import Context
from smtppool.control.routing import AFTER_ROUTING, identity
from smtppool.control.scored import Held, Scored
from smtppool.control.view import PoolView, ServerView
from smtppool.control.vitals import Vitals, barred, vitals
from smtppool.kube.apply import Applied
from smtppool.kube.kinds import CONFIG_MAP
from smtppool.policy.drain_facts import AskedBy
from smtppool.policy.health.counters import Observation
from smtppool.policy.health.decision import Decision, PoolState
from smtppool.policy.health.pool import decide
from smtppool.policy.health.record import recall, remember
from smtppool.policy.health.reported import signals_of, windows_of
from smtppool.policy.health.settings import Settings
from smtppool.render import documents

TRIED_AGAIN = timedelta(seconds=10)  # what could not be recorded; each try asks the API server
SHOWN_AFTER = 1.0  # seconds until statuses show what changed no weight


async def pass_health(context: Context, key: Key) -> float | None:
    """One pass; seconds until time alone may change the decision."""
    pool = context.gatherer.pool(key)
    if pool is None or pool.deleted:
        context.scored.pop(key, None)
        return None
    if pool.paused or pool.spec is None:
        return None
    now = context.clock()
    before = context.scored.get(key)
    if before is not None and before.uid != pool.uid:
        before = None
    assessed = context.assess_members(context.gatherer.servers_of(pool))
    seen = vitals(pool, assessed, before.vitals if before else {}, now)
    observations = [observation(view, assessment, seen[view.key.name]) for view, assessment in assessed]
    state, decision, held, changed = await _decide(context, pool, before, observations, _settings(pool.spec))
    context.scored[key] = Scored(uid=pool.uid, state=state, decision=decision, vitals=seen, held=held)
    _tell(context, key, before, context.scored[key], changed=changed)
    pulses = (one.pulse.due for one in seen.values() if one.pulse)
    dues = (decision.next_check, held.until if held else None, *pulses)
    moments = [*_ends(observations, now), *(due for due in dues if due)]
    return max(1.0, (min(moments) - now).total_seconds()) if moments else None


class _Outcome(NamedTuple):
    state: PoolState
    decision: Decision
    held: Held | None
    changed: bool  # the record says something new


async def _decide(
    context: Context, pool: PoolView, before: Scored | None, observations: Sequence[Observation], settings: Settings
) -> _Outcome:
    """What follows from the observations, if it can be recorded; else from what is in force, with nobody acted on."""
    now = context.clock()
    known = before.state if before else recall(context.health_record(pool.key))
    held = before.held if before else None
    if held is None or now >= held.until:
        state, decision = decide(known, observations, settings, now)
        changed, held = await _keep(context, pool, state)
        if held is None:
            return _Outcome(state, decision, None, changed)
    state, decision = decide(_in_force(context, pool, known), observations, settings, now, held=held.problem.message)
    return _Outcome(state, decision, held, changed=False)


def observation(view: ServerView, assessment: Assessment, seen: Vitals) -> Observation:
    """What is known of one member. Inputs that nobody gives are None: not evaluated."""
    report = view.own_report
    return Observation(
        name=view.key.name,
        providers=windows_of(report.outcomes) if report else None,
        uptime=seen.uptime.share,
        signals=signals_of(view.spec.external_signals) if view.spec else None,
        barred=barred(assessment),
        leaving=assessment.asked_by is AskedBy.NODE,
        wished_out=view.spec is not None and assessment.member.wished_out,
        alive=seen.alive,
    )


def _ends(observations: Iterable[Observation], now: datetime) -> Iterator[datetime]:
    """When signals from outside are outlived."""
    for seen in observations:
        for signal in seen.signals or ():
            if signal.holds(now):
                yield signal.seen_at + signal.ttl


def _settings(spec: SmtpPoolSpec) -> Settings:
    return Settings.of(spec.health, spec.availability, spec.mode)


def _in_force(context: Context, pool: PoolView, known: PoolState) -> PoolState:
    """What is remembered, or what is recorded where the two differ: the routing follows the record."""
    record = context.health_record(pool.key)
    return known if remember(known).servers == record.servers else recall(record)


async def _keep(context: Context, pool: PoolView, state: PoolState) -> tuple[bool, Held | None]:
    """Write down what must be remembered; whether that changed anything, or what is in the way."""
    record = remember(state)
    known = context.cache.get(CONFIG_MAP, Key(pool.key.namespace, health_name(pool.key.name)))
    if known is None and not (record.servers or record.frozen):
        return False, None
    outcome, problem = await attempt(context.writer, documents.health(identity(pool), record), owner=pool.uid)
    held = Held(problem, context.clock() + TRIED_AGAIN) if problem else None
    return isinstance(outcome, Applied), held


def _tell(context: Context, pool: Key, before: Scored | None, after: Scored, *, changed: bool) -> None:
    """Weights first; then whose status shows what has changed."""
    if changed:
        context.queues.routing.add(pool)
    known = {member.name: member for member in before.decision.members} if before else {}
    told = [member.name for member in after.decision.members if known.get(member.name) != member]
    if before is None or before.decision.refusals != after.decision.refusals:
        refusals = (*(before.decision.refusals if before else ()), *after.decision.refusals)
        told = sorted({*told, *(refusal.subject.server for refusal in refusals)})
    delay = AFTER_ROUTING if changed else SHOWN_AFTER
    for name in told:
        context.queues.servers.add_after(Key(pool.namespace, name), delay)
    if told or before is None or (before.held is None) != (after.held is None):
        context.queues.pools.add_after(pool, delay)
