"""The end of a server: which step of its deletion comes next.

Nothing that may hold mail goes before an empty queue was proven (`emptiness.py`) or the user decided. The proof, once
recorded in the status, holds: a closed intake lets nothing in, so a restarted operator goes on where it was. Where the
mail goes until then is decided in `drain.py`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from smtppool.policy import leftovers
from smtppool.policy.drain import DrainDecision, Phase
from smtppool.policy.emptiness import Look, QueueFacts, QueueState, look_at_queue
from smtppool.policy.verdict import Verdict


class Step(Enum):
    """What the server worker does in this pass; each step is repeated until its effect is observed."""

    RUN = auto()  # not deleted: keep all children as they should be
    HOLD = auto()  # paused: nothing
    EMPTY = auto()  # deleted: intake closed, children kept, waiting for an empty queue
    KEEP_VOLUME = auto()  # the PersistentVolume must outlive its claim
    REMOVE_WORKLOAD = auto()
    REMOVE_VOLUME = auto()
    REMOVE_REST = auto()
    RELEASE = auto()  # drop the own finalizer


class QueueDecision(Enum):
    """The user's word on mail that cannot be delivered."""

    NONE = auto()
    DROP = auto()
    SAVE = auto()


@dataclass(frozen=True, kw_only=True)
class LifecycleFacts:
    """All that a deletion may look at."""

    deleted: bool
    paused: bool
    decision: QueueDecision
    proven_empty: bool  # recorded in the status by an earlier pass
    queue: QueueFacts
    drain: DrainDecision | None  # where the mail goes meanwhile; None while nothing is done
    workload_exists: bool  # StatefulSet or pod
    volume_exists: bool
    volume_kept: bool  # the PersistentVolume is retained
    children_exist: bool
    since: datetime | None  # since when it is known to be emptied
    now: datetime

    @property
    def alone_since(self) -> datetime | None:
        """The same, as long as nobody takes its mail."""
        taken = self.drain is not None and (self.drain.hands_over or self.drain.turns)
        return None if taken else self.since


@dataclass(frozen=True)
class LifecycleDecision:
    """The step, and the three conditions that tell how far it is (None: does not apply)."""

    step: Step
    draining: Verdict | None = None
    blocked: Verdict | None = None
    unreachable: Verdict | None = None


def decide_lifecycle(facts: LifecycleFacts) -> LifecycleDecision:
    """RUN, HOLD, or the next step of the deletion."""
    if not facts.deleted:
        return LifecycleDecision(Step.RUN)
    if facts.paused:
        return LifecycleDecision(Step.HOLD, Verdict("Unknown", "Paused", "deletion waits: the object is paused"))
    if facts.decision is not QueueDecision.NONE or facts.proven_empty:
        return _removal(facts)
    if not (facts.volume_exists or facts.workload_exists):
        return _removal(facts)
    look = leftovers.given_up(look_at_queue(facts.queue), since=facts.alone_since, now=facts.now)
    match look.state:
        case QueueState.EMPTY:
            return _removal(facts, look)
        case QueueState.WAITING:
            return _emptying(facts.drain, look.verdict, blocked=None)
        case QueueState.HOLDS_MAIL:
            draining = Verdict("True", "MailQueued", "waiting for the queue to be delivered")
            blocked = leftovers.announced(look.verdict, look, since=facts.alone_since, now=facts.now)
            return _emptying(facts.drain, draining, blocked=blocked)
        case QueueState.UNREACHABLE:
            draining = Verdict("True", "QueueUnreachable", "waiting for the queue to be readable")
            return LifecycleDecision(Step.EMPTY, draining, unreachable=look.verdict)


def _emptying(drain: DrainDecision | None, alone: Verdict | None, *, blocked: Verdict | None) -> LifecycleDecision:
    """With peers that take its mail nothing blocks but what they cannot take; `alone`: it delivers by itself."""
    if drain is not None and (drain.hands_over or drain.turns or drain.phase is Phase.SESSIONS):
        return LifecycleDecision(Step.EMPTY, drain.draining, blocked=drain.blocked)
    return LifecycleDecision(Step.EMPTY, alone, blocked=blocked)


def _removal(facts: LifecycleFacts, look: Look | None = None) -> LifecycleDecision:
    """In the order in which nothing is taken from under something that runs; with `look`, what is given up is told."""
    remaining = (
        (facts.decision is QueueDecision.SAVE and facts.volume_exists and not facts.volume_kept, Step.KEEP_VOLUME),
        (facts.workload_exists, Step.REMOVE_WORKLOAD),
        (facts.volume_exists, Step.REMOVE_VOLUME),
        (facts.children_exist, Step.REMOVE_REST),
    )
    step = next((step for holds, step in remaining if holds), Step.RELEASE)
    verdict, bounces = _REMOVING[facts.decision], leftovers.left(look) if look is not None else ""
    if bounces:
        verdict = verdict._replace(message=f"{bounces} are given up, and no other mail is left; the children go")
    return LifecycleDecision(step, verdict)


PROVEN_EMPTY = "QueueEmpty"  # reason of Draining, and the record of the proof

_REMOVING = {
    QueueDecision.NONE: Verdict("True", PROVEN_EMPTY, "the queue is empty; the children are being removed"),
    QueueDecision.DROP: Verdict(
        "True", "QueueDropped", "the queue is dropped by decision; the children are being removed"
    ),
    QueueDecision.SAVE: Verdict("True", "QueueSaved", "the volume is kept by decision; the children are being removed"),
}
