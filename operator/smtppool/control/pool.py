"""The pool worker: servers from addresses, Service, disruption budget, entry labels, the roll, cordoned nodes,
the status.

The routing has a worker of its own (`routing.py`).
"""

from smtppool.api.names import ENTRY, POOL_FINALIZER, Key, health_name, routing_name
from smtppool.control.attempt import Problem, attempt
from smtppool.control.conditions.observed import PoolObserved
from smtppool.control.context import Context
from smtppool.control.cordons import Entries, cordons, entries_of
from smtppool.control.entries import Assessed, entry_pods
from smtppool.control.fleet import keep_fleet
from smtppool.control.roll import NO_ROLL, Roll
from smtppool.control.routing import AFTER_ROUTING, routing_in_force
from smtppool.control.silent import note_silent
from smtppool.control.status import paused_status, pool_status
from smtppool.control.telling import tell
from smtppool.control.view import PoolView
from smtppool.kube.apply import Terminating
from smtppool.kube.kinds import CONFIG_MAP, POD_DISRUPTION_BUDGET, SERVICE, SMTP_SERVER
from smtppool.policy.acceptance import accept_spec
from smtppool.policy.rolling import RollDecision
from smtppool.render import pdb, service
from smtppool.render.identity import PoolObject


class PoolWorker:
    """One pass per key at a time."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._roll = Roll(context)

    async def run(self, key: Key) -> float | None:
        """One pass; seconds until time alone asks for the next."""
        pool = self._context.gatherer.pool(key)
        if pool is None:
            self._roll.forget(key)
            note_silent(self._context, key, (), frozenset())
            return None
        if pool.paused:
            await tell(self._context, pool, paused_status(pool))
            return None
        if pool.deleted:
            return await self._delete(pool)
        await self._context.marker.add_finalizer(pool.body, POOL_FINALIZER)
        problems = [*await keep_fleet(self._context, pool), *await self._children(pool)]
        servers = self._assessed(pool)
        await self._label(pool, servers)
        roll = await self._roll.step(pool, servers, routing_in_force(self._context, key))
        on_cordoned = cordons(pool, servers, self._context.neighbours, rolling=roll.picked)
        await self._tell(pool, servers, problems, roll, on_cordoned)
        return self._next_check(roll)

    def _assessed(self, pool: PoolView) -> list[Assessed]:
        return self._context.assess_members(self._context.gatherer.servers_of(pool))

    async def _children(self, pool: PoolView) -> list[Problem]:
        if pool.spec is None:
            return []
        rendered = PoolObject(key=pool.key, uid=pool.uid, spec=pool.spec)
        members = sum(
            assessed.in_force and not (view.deleted or assessed.drain.released)
            for view, assessed in self._assessed(pool)
        )
        children = (pdb.manifest(rendered, members=members), service.entry(rendered))
        attempts = [await attempt(self._context.writer, manifest, owner=pool.uid) for manifest in children]
        return [one.problem for one in attempts if one.problem is not None]

    async def _label(self, pool: PoolView, servers: list[Assessed]) -> None:
        """The label that the Service selects; the routing learns of new entries then, and nodes of silent ones."""
        chosen, _, down = entry_pods(pool, servers)
        for view, _ in servers:
            if view.pod is None or view.paused or view.pod.labelled == (view.key.name in chosen):
                continue
            label = "true" if view.key.name in chosen else None
            await self._context.marker.mark(view.pod.body, labels={ENTRY: label})
            self._context.queues.routing.add(pool.key)
        note_silent(self._context, pool.key, servers, down)

    async def _delete(self, pool: PoolView) -> float | None:
        """Servers first: each of them empties its queue. What the pool has goes when none is left."""
        servers = self._context.gatherer.servers_of(pool)
        for view in servers:
            if not view.deleted:
                await self._context.api.delete(SMTP_SERVER, view.key, uid=view.uid)
        if servers:
            await self._tell(pool, self._assessed(pool), [], NO_ROLL, [])
            return None
        return None if await self._remove_children(pool) else 1.0

    async def _remove_children(self, pool: PoolView) -> bool:
        """True when nothing is left and the pool is released."""
        gone = True
        for kind, name in (
            (SERVICE, pool.key.name),
            (POD_DISRUPTION_BUDGET, pool.key.name),
            (CONFIG_MAP, health_name(pool.key.name)),
            (CONFIG_MAP, routing_name(pool.key.name)),
        ):
            outcome = await self._context.writer.delete(kind, Key(pool.key.namespace, name), owner=pool.uid)
            gone = gone and not isinstance(outcome, Terminating)
        if gone:
            await self._context.marker.drop_finalizer(pool.body, POOL_FINALIZER)
        return gone

    async def _tell(
        self,
        before: PoolView,
        servers: list[Assessed],
        problems: list[Problem],
        roll: RollDecision,
        on_cordoned: Entries,
    ) -> None:
        pool = self._context.gatherer.pool(before.key)
        if pool is None or pool.uid != before.uid:
            return
        observed = PoolObserved(
            view=pool,
            accepted=accept_spec(pool.errors, kind="smtppool"),
            problems=tuple(problems),
            servers=tuple(servers),
            routing=routing_in_force(self._context, pool.key),
            roll=roll,
            on_cordoned=on_cordoned,
            scored=self._context.scored.get(pool.key),
        )
        await tell(self._context, pool, pool_status(observed))
        if pool.status.get("rolling") != roll.picked:
            self._context.queues.routing.add(pool.key)
        if (known := entries_of(pool)) != on_cordoned:
            self._context.queues.routing.add(pool.key)
            for name in {str(one["server"]) for one in (*known, *on_cordoned)}:
                self._context.queues.servers.add_after(Key(pool.key.namespace, name), AFTER_ROUTING)

    def _next_check(self, roll: RollDecision) -> float | None:
        due = roll.next_check
        return None if due is None else max(0.1, (due - self._context.clock()).total_seconds())
