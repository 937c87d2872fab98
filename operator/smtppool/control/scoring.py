"""The health worker of a pool: reports in, the decision of `policy/health`, its record out.

The routing follows the record and not this process: the record is written first, so a restart changes no weight.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from smtppool.api.names import Key, health_name
from smtppool.api.smtppool import SmtpPoolSpec
from smtppool.control.assess import Assessment
from smtppool.control.context import Context
from smtppool.control.entries import Assessed, entry_pods
from smtppool.control.routing import AFTER_ROUTING, identity
from smtppool.control.scored import Scored
from smtppool.control.view import PoolView, ServerView
from smtppool.kube.apply import Applied
from smtppool.kube.errors import NamespaceTerminatingError
from smtppool.kube.kinds import CONFIG_MAP
from smtppool.policy.drain_facts import AskedBy
from smtppool.policy.health.counters import Observation
from smtppool.policy.health.decision import Decision, PoolState
from smtppool.policy.health.pool import decide
from smtppool.policy.health.record import recall, remember
from smtppool.policy.health.reported import signals_of, windows_of
from smtppool.policy.health.settings import Settings
from smtppool.policy.health.uptime import Uptime
from smtppool.render import documents

# Barred by somebody's will, or before its first start: no downtime.
_UNWANTED = frozenset(
    {"Cordoned", "Drained", "Rolling", "Deleted", "NotAccepted", "NoReport", "NotEvaluated", "ZeroWeight"}
)
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
    assessed = context.assess_members(context.gatherer.servers_of(pool))
    uptimes = _uptimes(pool, assessed, before.uptimes if before else {}, now)
    observations = [observation(view, assessment, uptimes[view.key.name].share) for view, assessment in assessed]
    state, decision = decide(_state(context, pool, before), observations, _settings(pool.spec), now)
    try:
        changed = await _keep(context, pool, state)
    except NamespaceTerminatingError:
        return None
    context.scored[key] = Scored(uid=pool.uid, state=state, decision=decision, uptimes=uptimes)
    _tell(context, key, before.decision if before else None, decision, changed=changed)
    moments = [*_ends(observations, now), *([decision.next_check] if decision.next_check else [])]
    return max(1.0, (min(moments) - now).total_seconds()) if moments else None


def observation(view: ServerView, assessment: Assessment, uptime: float | None) -> Observation:
    """What is known of one member. Inputs that nobody gives are None: not evaluated.

    A relay that was emptied because of its health is barred by nothing else: it may come back when the pool needs it.
    """
    report = view.own_report
    return Observation(
        name=view.key.name,
        providers=windows_of(report.outcomes) if report else None,
        uptime=uptime,
        signals=signals_of(view.spec.external_signals) if view.spec else None,
        barred=None if assessment.asked_by is AskedBy.HEALTH else assessment.weight.barred,
    )


def _uptimes(
    pool: PoolView, assessed: Sequence[Assessed], before: Mapping[str, Uptime], now: datetime
) -> dict[str, Uptime]:
    """A look at each member: ready, and not down for most of the others that check it."""
    down = entry_pods(pool, assessed).down
    return {
        view.key.name: before.get(view.key.name, Uptime()).seen(up=_is_up(view, assessment, down), now=now)
        for view, assessment in assessed
    }


def _is_up(view: ServerView, assessment: Assessment, down: frozenset[str]) -> bool | None:
    """None: it is not meant to serve now."""
    if view.deleted or assessment.weight.barred in _UNWANTED:
        return None
    return view.pod is not None and view.pod.ready and view.key.name not in down


def _ends(observations: Iterable[Observation], now: datetime) -> Iterator[datetime]:
    """When signals from outside are outlived."""
    for seen in observations:
        for signal in seen.signals or ():
            if signal.holds(now):
                yield signal.seen_at + signal.ttl


def _settings(spec: SmtpPoolSpec) -> Settings:
    return Settings.of(spec.health, spec.availability, spec.mode)


def _state(context: Context, pool: PoolView, before: Scored | None) -> PoolState:
    """As left by the last pass; after a restart, and for a pool made anew, as written down."""
    if before is not None and before.uid == pool.uid:
        return before.state
    return recall(context.health_record(pool.key))


async def _keep(context: Context, pool: PoolView, state: PoolState) -> bool:
    """Write down what must be remembered; whether that changed anything."""
    record = remember(state)
    known = context.cache.get(CONFIG_MAP, Key(pool.key.namespace, health_name(pool.key.name)))
    if known is None and not record.servers:
        return False
    return isinstance(await context.writer.apply(documents.health(identity(pool), record), owner=pool.uid), Applied)


def _tell(context: Context, pool: Key, before: Decision | None, after: Decision, *, changed: bool) -> None:
    """Weights first; then whose status shows what has changed."""
    if changed:
        context.queues.routing.add(pool)
    known = {member.name: member for member in before.members} if before else {}
    told = [member.name for member in after.members if known.get(member.name) != member]
    delay = AFTER_ROUTING if changed else SHOWN_AFTER
    for name in told:
        context.queues.servers.add_after(Key(pool.namespace, name), delay)
    if told or before is None or before.refusals != after.refusals:
        context.queues.pools.add_after(pool, delay)
