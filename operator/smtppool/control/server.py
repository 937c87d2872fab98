"""The server worker: one SmtpServer and its children, from the first apply to the last finalizer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from smtppool.api.names import FINALIZER, Key
from smtppool.control.assess import Assessment, placement_of
from smtppool.control.attempt import Problem
from smtppool.control.children import Children
from smtppool.control.conditions.observed import ServerObserved
from smtppool.control.context import Context
from smtppool.control.deletion import Deletion
from smtppool.control.grants import write_grant
from smtppool.control.health_events import tell_steps
from smtppool.control.nodes import waits_for_node
from smtppool.control.pods import pod_state, silent_at
from smtppool.control.routing import routing_in_force
from smtppool.control.status import paused_status, server_status
from smtppool.control.telling import tell
from smtppool.control.view import ServerView
from smtppool.control.volumes import look_at_volume
from smtppool.policy.lifecycle import LifecycleDecision, Step
from smtppool.policy.placement import Placement

FIGURES_PERIOD = 5.0  # seconds between writes of a status of which only figures are new
_FIGURES = ("queue", "score", "providers")
_RUNNING = LifecycleDecision(Step.RUN)


@dataclass(frozen=True, kw_only=True)
class _Done:
    """What a pass came to."""

    problems: tuple[Problem, ...] = ()
    lifecycle: LifecycleDecision = _RUNNING
    released: bool = False
    again: float | None = None


class ServerWorker:
    """One pass per key at a time; passes of different servers run side by side."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._children = Children(context)
        self._deletion = Deletion(context, self._children)
        self._figures_written: dict[str, datetime] = {}

    async def run(self, key: Key) -> float | None:
        """One pass; seconds until time alone asks for the next."""
        view = self._context.gatherer.server(key)
        if view is None:
            return None
        if view.paused:
            await self._paused(view)
            return None
        if await look_at_volume(self._context, view):
            self._context.queues.pools.add(view.pool_key)
        assessment = self._context.assess(view)
        placement = placement_of(view, self._context.neighbours)
        if view.deleted:
            step = await self._deletion.run(view, assessment, placement)
            done = _Done(lifecycle=step.decision, released=step.released, again=step.again)
        else:
            done = await self._keep(view, assessment, placement)
        if done.released:
            self._forget(view)
            return None
        wait = await self._tell(view, placement, done)
        return _earliest(wait, done.again, self._next_check(view, assessment))

    async def _keep(self, view: ServerView, assessment: Assessment, placement: Placement) -> _Done:
        """A living server: grant first, as it may have to close; then whatever is missing."""
        if not assessment.in_force:
            return _Done(problems=await self._shut(view, assessment))
        await self._context.marker.add_finalizer(view.body, FINALIZER)
        await write_grant(self._context, view, assessment)
        problems = await self._children.realise(view, assessment, placement, namespace_ends=False)
        return _Done(problems=problems)

    async def _shut(self, view: ServerView, assessment: Assessment) -> tuple[Problem, ...]:
        """Not accepted: nothing is made; an address that turned out to be another's is closed."""
        if assessment.established:
            await write_grant(self._context, view, assessment)
        return ()

    async def _paused(self, view: ServerView) -> None:
        decision = self._deletion.decision_of_paused(view)
        await tell(self._context, view, paused_status(view, decision))

    async def _tell(self, before: ServerView, placement: Placement, done: _Done) -> float | None:
        """The status, from what is there after the pass."""
        view = self._context.gatherer.server(before.key)
        if view is None or view.uid != before.uid:
            return None
        routing = routing_in_force(self._context, view.pool_key)
        members = routing.members if routing else ()
        observed = ServerObserved(
            view=view,
            assessment=self._context.assess(view),
            placement=placement,
            problems=done.problems,
            lifecycle=done.lifecycle,
            pod_state=pod_state(view.pod.body if view.pod else None, now=self._context.clock()),
            volume=view.volume,
            homes=waits_for_node(view, self._context.neighbours),
            weight=next((member.weight for member in members if member.name == view.key.name), 0),
            scored=self._context.scored.get(view.pool_key),
        )
        await tell_steps(self._context, view, observed.scored)
        status = server_status(observed)
        wait = self._figures_only(view, status)
        if wait is None:
            await tell(self._context, view, status)
        return wait

    def _figures_only(self, view: ServerView, status: dict[str, Any]) -> float | None:
        """Seconds to wait if nothing but figures is new, and the status was written a moment ago."""
        if view.deleted or all(status.get(name) == view.status.get(name) for name in _FIGURES):
            return None
        now, last = self._context.clock(), self._figures_written.get(view.uid)
        young = last is not None and (now - last).total_seconds() < FIGURES_PERIOD
        if young and last is not None and _lasting(status) == _lasting(view.status):
            return FIGURES_PERIOD - (now - last).total_seconds()
        self._figures_written[view.uid] = now
        return None

    def _next_check(self, view: ServerView, assessment: Assessment) -> float | None:
        now, silent = self._context.clock(), silent_at(view.pod.body) if view.pod is not None else None
        ahead = None if silent is None or silent < now else silent
        due = min(filter(None, (assessment.egress.next_check, assessment.drain.next_check, ahead)), default=None)
        return None if due is None else max(0.1, (due - now).total_seconds())

    def _forget(self, view: ServerView) -> None:
        self._children.forget(view.uid)
        self._context.last_pods.pop((view.key, view.uid), None)
        self._figures_written.pop(view.uid, None)
        self._context.failing.pop(view.uid, None)


def _lasting(status: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[str, str, str]]]:
    """A status without its figures and without the numbers in its messages."""
    fields = {name: value for name, value in status.items() if name not in {*_FIGURES, "conditions"}}
    return fields, [(one["type"], one["status"], one["reason"]) for one in status.get("conditions", ())]


def _earliest(*waits: float | None) -> float | None:
    return min((wait for wait in waits if wait is not None), default=None)
