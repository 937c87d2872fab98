"""Replaces the pods of a pool's members one after the other when their template has changed.

Who is picked is kept in the pool's status, so that the routing drains it, also after a restart; only the clock of the
drain starts anew then.
"""

import hashlib
from datetime import datetime

from smtppool.api.documents import MemberState, Routing
from smtppool.api.names import ROUTING_KEY, Key, pod_name, routing_name
from smtppool.api.smtppool import Mode
from smtppool.control.assess import Assessment
from smtppool.control.context import Context
from smtppool.control.entries import Assessed
from smtppool.control.neighbours import Neighbours
from smtppool.control.nodes import cordoned_node
from smtppool.control.view import PoolView, ServerView
from smtppool.kube.events import Severity
from smtppool.kube.kinds import CONFIG_MAP, POD
from smtppool.policy.drain_facts import AskedBy
from smtppool.policy.rolling import RollAction, RollDecision, RollMember, decide_roll

NO_ROLL = RollDecision(RollAction.NONE)
_OUT_BY_WISH = {"Drained", "Cordoned", "NotEvaluated", "ZeroWeight"}


class Roll:
    """Knows since when a pod is being drained; everything else is observed."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._draining: dict[Key, tuple[str, datetime]] = {}  # by pool: uid of the pod, since when

    async def step(self, pool: PoolView, servers: list[Assessed], routing: Routing | None) -> RollDecision:
        """Decide, and delete the picked pod when it is drained."""
        if pool.spec is None or pool.spec.mode is Mode.OBSERVE:
            return NO_ROLL
        now = self._context.clock()
        drained = _drained(self._context, pool.key, servers, routing)
        members = [
            self._member(pool.key, view, assessment, drained=view.key.name in drained)
            for view, assessment in servers
            if not (view.deleted or view.paused)
            and (assessment.unwell or not assessment.drain.released)
            and assessment.in_force
            and view.workload is not None
        ]
        decision = decide_roll(members, max_unavailable=pool.spec.availability.max_unavailable, now=now)
        picked = next((view for view, _ in servers if view.key.name == decision.picked), None)
        self._keep_time(pool.key, picked, now)
        if picked is not None and decision.action is RollAction.REPLACE:
            await self._replace(pool, picked, now)
        return decision

    def forget(self, pool: Key) -> None:
        """The pool is gone."""
        self._draining.pop(pool, None)

    def _member(self, pool: Key, view: ServerView, assessment: Assessment, *, drained: bool) -> RollMember:
        pod = view.pod
        uid, since = self._draining.get(pool, (None, None))
        ready = pod is not None and pod.ready and not pod.terminating
        serves = assessment.member.lanes_open or assessment.weight.reason in _OUT_BY_WISH
        return RollMember(
            name=view.key.name,
            outdated=view.outdated,
            ready=ready,
            available=ready and serves and not assessment.unwell and assessment.asked_by is not AskedBy.NODE,
            terminating=pod is not None and pod.terminating,
            draining_since=since if pod is not None and pod.uid == uid else None,
            drained=drained,
            kept=is_kept(view, assessment, self._context.neighbours),
            unwell=assessment.unwell and (ready or assessment.drain.released),
        )

    def _keep_time(self, pool: Key, picked: ServerView | None, now: datetime) -> None:
        if picked is None or picked.pod is None:
            self._draining.pop(pool, None)
        elif self._draining.get(pool, ("", now))[0] != picked.pod.uid:
            self._draining[pool] = (picked.pod.uid, now)

    async def _replace(self, pool: PoolView, picked: ServerView, now: datetime) -> None:
        await self._context.writer.delete(POD, Key(picked.key.namespace, pod_name(picked.key.name)), owner=picked.uid)
        await self._context.recorder.emit(
            pool.body,
            reason="PodReplaced",
            message=f"the pod of {picked.key.name} has an older template and is replaced",
            severity=Severity.NORMAL,
            now=now,
            occasion=picked.pod.uid if picked.pod else "",
        )


def is_kept(view: ServerView, assessment: Assessment, neighbours: Neighbours) -> bool:
    """Whether its pod is not replaced now: nobody could give a grant to the new one, or its node takes none."""
    return assessment.member.undecided or cordoned_node(view, neighbours) is not None


def _drained(context: Context, pool: Key, servers: list[Assessed], routing: Routing | None) -> set[str]:
    """Members without a session, which no entry pod chooses any more: all of them follow the routing in force."""
    body = context.cache.get(CONFIG_MAP, Key(pool.namespace, routing_name(pool.name)))
    if body is None or routing is None:
        return set()
    in_force = hashlib.sha256(body["data"][ROUTING_KEY].encode()).hexdigest()
    entries = [view for view, _ in servers if view.pod is not None and view.pod.labelled and view.pod.ready]
    if any(view.own_report is None or view.own_report.routing_hash != in_force for view in entries):
        return set()
    out = {member.name for member in routing.members if member.state is MemberState.DRAIN}
    quiet = {view.key.name for view, _ in servers if view.own_report is not None and view.own_report.sessions == 0}
    return out & quiet
