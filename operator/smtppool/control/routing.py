"""The routing of a pool: nothing else is between an edited weight and the entry pods.

This worker writes one ConfigMap and does nothing else, so that no other work of the pool delays it. A pool that cannot
be read keeps its submission rule and its balance; only safety still takes members out.
"""

from smtppool.api.documents import Routing, SubmissionRule
from smtppool.api.names import Key, routing_name
from smtppool.api.smtppool import EgressCheck, EgressCheckMode, SmtpPoolSpec
from smtppool.api.units import parse_size
from smtppool.control.assess import keeps_weight
from smtppool.control.context import Context
from smtppool.control.entries import Assessed, entry_pods
from smtppool.control.frozen import freeze, freezing, frozen_weights
from smtppool.control.view import PoolView
from smtppool.kube.apply import Applied
from smtppool.kube.errors import NamespaceTerminatingError
from smtppool.kube.kinds import CONFIG_MAP
from smtppool.policy.weights import routed
from smtppool.render import documents
from smtppool.render.identity import PoolObject

AFTER_ROUTING = 0.05  # seconds in which a new weight reaches the entry pods, before less urgent work begins
_ANY_SPEC = SmtpPoolSpec(egress_check=EgressCheck(mode=EgressCheckMode.OFF))  # where only the identity is rendered


async def pass_routing(context: Context, key: Key) -> float | None:
    """One pass. A deleted pool keeps its routing as long as it has members."""
    pool = context.gatherer.pool(key)
    if pool is None or pool.paused:
        return None
    servers = context.gatherer.servers_of(pool)
    before = routing_in_force(context, key)
    rules = before if pool.spec is None else _rules(key.name, pool.spec)
    if rules is None or (pool.deleted and not servers):
        return None
    kept = freeze(
        [view.key.name for view in servers if keeps_weight(view)],
        kept=frozen_weights(context.cache, key),
        routing=before,
    )
    document = with_members(rules, pool, context.assess_members(servers, weights=kept))
    manifest = freezing(documents.routing(identity(pool), document), kept)
    try:
        outcome = await context.writer.apply(manifest, owner=pool.uid)
    except NamespaceTerminatingError:
        return None
    if isinstance(outcome, Applied):
        _tell(context, key, before, document)
    return None


def routing_in_force(context: Context, pool: Key) -> Routing | None:
    """As the API server has it."""
    return context.reader.routing(context.cache.get(CONFIG_MAP, Key(pool.namespace, routing_name(pool.name))))


def identity(pool: PoolView) -> PoolObject:
    """For manifests that say no more of the pool than whose they are."""
    return PoolObject(key=pool.key, uid=pool.uid, spec=pool.spec or _ANY_SPEC)


def with_members(rules: Routing, pool: PoolView, assessed: list[Assessed]) -> Routing:
    """Everything of `rules`, with the members as they are now, sorted by name."""
    pods = entry_pods(pool, assessed)
    balancing = pods.chosen | pods.checking
    members = (
        routed(assessment.member, assessment.weight, entry=view.key.name in balancing) for view, assessment in assessed
    )
    # Reports of the whole pool come in at ten a second at most, however many members there are.
    interval = max(1, len(assessed) // 10)
    present = tuple(member for member in members if member is not None)
    return rules.model_copy(update={"members": present, "report_interval_seconds": interval})


def _rules(pool: str, spec: SmtpPoolSpec) -> Routing:
    """Everything of a routing but its members."""
    submission = SubmissionRule(
        allowed_networks=spec.submission.allowed_networks,
        max_message_size=parse_size(spec.submission.max_message_size),
        max_recipients=spec.submission.max_recipients,
    )
    return Routing(pool=pool, balance=spec.balance, submission=submission)


def _tell(context: Context, pool: Key, before: Routing | None, after: Routing) -> None:
    """Whose status shows what has changed."""
    old = {member.name: member for member in before.members} if before else {}
    new = {member.name: member for member in after.members}
    context.queues.pools.add_after(pool, AFTER_ROUTING)
    other_peers = {name for name in old if old[name].takes_over} != {name for name in new if new[name].takes_over}
    for name in old.keys() | new.keys():
        gives = other_peers and name in new and not new[name].takes_over
        if gives or old.get(name) != new.get(name):
            context.queues.servers.add_after(Key(pool.namespace, name), AFTER_ROUTING)
