"""Carries out the deletion of a server, one observed step after the other.

The proof that a queue is empty is written to the status before the first child goes, so that an operator that starts
anew in the middle goes on instead of asking a pod that is no longer there.
"""

from dataclasses import dataclass, replace

from smtppool.api.documents import QueueDepth
from smtppool.api.names import BLOCKED, FINALIZER, QUEUE_DECISION
from smtppool.control.assess import Assessment
from smtppool.control.children import Children, namespace_ends
from smtppool.control.context import Context
from smtppool.control.drains import is_released, known_since
from smtppool.control.grants import write_grant
from smtppool.control.pods import pod_address, pod_state
from smtppool.control.remains import Remains, find_remains, remove_rest, remove_volume, remove_workload
from smtppool.control.view import ServerView
from smtppool.control.volumes import is_kept
from smtppool.kube.kinds import annotation, uid_of
from smtppool.policy.drain import DrainDecision
from smtppool.policy.emptiness import PodState, QueueFacts
from smtppool.policy.lifecycle import (
    PROVEN_EMPTY,
    LifecycleDecision,
    LifecycleFacts,
    QueueDecision,
    Step,
    decide_lifecycle,
)
from smtppool.policy.placement import Placement
from smtppool.policy.verdict import Verdict

LOOK_AGAIN = 2.0  # seconds; only while something is being removed that no watch may tell of
NAMESPACE_PERIOD = 10.0  # seconds between looks whether the namespace ends, as namespaces are not watched
_DECISIONS = {"drop": QueueDecision.DROP, "save": QueueDecision.SAVE}
_NOT_KEPT = Verdict(
    "True",
    "VolumeNotKept",
    "the decision is to save the queue, but its PersistentVolume is not retained or may not be looked at: "
    "run smtppool queue save, which sees to it",
)


@dataclass(frozen=True)
class DeletionStep:
    """`released`: the object is gone, or will be in a moment."""

    decision: LifecycleDecision
    released: bool = False
    again: float | None = None


class Deletion:
    """The steps of `policy/lifecycle`, as acts."""

    def __init__(self, context: Context, children: Children) -> None:
        self._context = context
        self._children = children

    def decision_of_paused(self, view: ServerView) -> LifecycleDecision | None:
        """A paused object is told about, not touched."""
        remains = Remains(workload=view.workload, pod=view.pod.body if view.pod else None, volume=view.volume)
        facts = self._facts(view, remains, drain=None, namespace_terminating=False, volume_kept=False)
        return decide_lifecycle(facts) if view.deleted else None

    async def run(self, view: ServerView, assessment: Assessment, placement: Placement) -> DeletionStep:
        """One step, or one look that finds nothing to do yet."""
        remains = await find_remains(self._context, view)
        ending = await namespace_ends(self._context, view.key.namespace)
        kept = _decision(view) is QueueDecision.SAVE and await is_kept(self._context, remains.volume)
        facts = self._facts(view, remains, drain=assessment.drain, namespace_terminating=ending, volume_kept=kept)
        decision = decide_lifecycle(facts)
        match decision.step:
            case Step.EMPTY:
                await write_grant(self._context, view, assessment)
                await self._children.realise(view, assessment, placement, namespace_ends=ending)
                await self._mark_volume(remains, decision)
                return DeletionStep(decision, again=NAMESPACE_PERIOD)
            case Step.KEEP_VOLUME:
                return DeletionStep(replace(decision, blocked=_NOT_KEPT), again=LOOK_AGAIN)
            case _ if not _is_recorded(view, decision):
                return DeletionStep(decision, again=0.0)
        return await self._remove(view, remains, decision)

    async def _remove(self, view: ServerView, remains: Remains, decision: LifecycleDecision) -> DeletionStep:
        match decision.step:
            case Step.REMOVE_WORKLOAD:
                await remove_workload(self._context, view, remains)
            case Step.REMOVE_VOLUME:
                await remove_volume(self._context, view, remains)
            case _:
                if await remove_rest(self._context, view):
                    await self._context.marker.drop_finalizer(view.body, FINALIZER)
                    return DeletionStep(decision, released=True)
        return DeletionStep(decision, again=LOOK_AGAIN)

    async def _mark_volume(self, remains: Remains, decision: LifecycleDecision) -> None:
        """Who looks at a namespace that does not end finds the reason on the claim that holds it."""
        reason = decision.blocked or decision.unreachable
        if remains.volume is not None and reason is not None:
            await self._context.marker.mark(remains.volume, annotations={BLOCKED: f"{reason.reason}: {reason.message}"})

    def _facts(
        self,
        view: ServerView,
        remains: Remains,
        *,
        drain: DrainDecision | None,
        namespace_terminating: bool,
        volume_kept: bool,
    ) -> LifecycleFacts:
        known = view.status.get("queue")
        now, last = self._context.clock(), self._context.last_pods.get((view.key, view.uid))
        state = pod_state(remains.pod, now=now)
        queue = QueueFacts(
            server=view.key,
            namespace_terminating=namespace_terminating,
            ever_reported=view.ever_reported,
            pod=state,
            pod_uid=uid_of(remains.pod) if remains.pod is not None else None,
            pod_address=pod_address(remains.pod) if remains.pod is not None else None,
            granted=view.grant.intake if view.grant is not None else None,
            report=view.last_report,
            last_words=last.words if last is not None and state in _ENDED else None,
            last_pod_uid=last.uid if last is not None else None,
            known_depth=QueueDepth.model_validate(known) if known is not None else None,
        )
        return LifecycleFacts(
            deleted=view.deleted,
            paused=view.paused,
            decision=_decision(view),
            proven_empty=view.condition("Draining").get("reason") == PROVEN_EMPTY or is_released(view),
            queue=queue,
            drain=drain,
            workload_exists=remains.workload is not None or remains.pod is not None,
            volume_exists=remains.volume is not None,
            volume_kept=volume_kept,
            children_exist=True,  # looked for one by one when their turn comes
            since=known_since(view),
            now=now,
        )


_ENDED = {PodState.ENDED, PodState.ABSENT}


def _decision(view: ServerView) -> QueueDecision:
    return _DECISIONS.get(annotation(view.body, QUEUE_DECISION) or "", QueueDecision.NONE)


def _is_recorded(view: ServerView, decision: LifecycleDecision) -> bool:
    wanted = decision.draining.reason if decision.draining else None
    return view.condition("Draining").get("reason") == wanted
