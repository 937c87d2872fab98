"""Is it proven that a deleted server's queue holds no mail.

The proof is a count made while nothing could come in: a report with closed intake and no session of its own, by the
pod that is there (or by the last one, if none can have run since), or the count that the same pod leaves after Postfix
has stopped.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from smtppool.api.documents import Intake, QueueDepth, Report, is_of_pod
from smtppool.api.names import Key
from smtppool.policy.verdict import Verdict

_PARTS = ("incoming", "active", "deferred", "hold", "corrupt")


class PodState(Enum):
    """What the relay's pod can still say."""

    ABSENT = auto()
    RUNNING = auto()
    STUCK = auto()  # exists and never ran: no node, no image, no volume
    SILENT = auto()  # exists, on a node that does not answer
    ENDED = auto()  # all its containers have ended


class QueueState(Enum):
    """The answer."""

    EMPTY = auto()
    WAITING = auto()  # the pod will say
    HOLDS_MAIL = auto()
    UNREACHABLE = auto()  # nobody can say


@dataclass(frozen=True, kw_only=True)
class QueueFacts:
    """All that is known about one queue."""

    server: Key
    namespace_terminating: bool  # admits no new pod
    ever_reported: bool  # an agent that never reported has never opened its intake
    pod: PodState
    pod_uid: str | None
    pod_address: str | None
    granted: Intake | None  # what the grant in force says; None: there is none
    report: Report | None  # the last one, also if its ConfigMap is gone
    last_words: Report | None  # of some pod of it, counted after Postfix had stopped
    last_pod_uid: str | None  # the last pod that was seen, present or gone
    known_depth: QueueDepth | None  # from the status

    @property
    def own_report(self) -> Report | None:
        """The report, if the running pod wrote it at its present address."""
        report = self.report
        mine = report is not None and is_of_pod(report, uid=self.pod_uid, address=self.pod_address)
        return report if mine and self.pod is PodState.RUNNING else None

    @property
    def is_stale(self) -> bool:
        """The intake was opened since the report: what came in then is not in its count, whoever closes it again."""
        return self.granted is Intake.OPEN and self.report is not None and self.report.intake is Intake.CLOSED

    @property
    def last_depth(self) -> QueueDepth | None:
        """For messages only: it may be old."""
        return (self.report.queue if self.report else None) or self.known_depth

    @property
    def way_out(self) -> str:
        """The user's decision, as a command."""
        return f"decide with: smtppool queue save|drop {self.server.name} -n {self.server.namespace}"


class Look(NamedTuple):
    """The answer, and the condition that says so (None if empty)."""

    state: QueueState
    verdict: Verdict | None = None
    proven: QueueDepth | None = None  # the count of mail that is held, if nothing can have come in since


def look_at_queue(facts: QueueFacts) -> Look:
    """The first check that has an answer decides."""
    checks = _CHECKS_IN_ENDING_NAMESPACE if facts.namespace_terminating else _CHECKS
    for check in checks:
        look = check(facts)
        if look is not None:
            return look
    return _unreachable(facts, *_UNREACHABLE[facts.pod])


def _never_used(facts: QueueFacts) -> Look | None:
    return None if facts.ever_reported else Look(QueueState.EMPTY)


def _last_words(facts: QueueFacts) -> Look | None:
    words = facts.last_words
    if words is None or words.queue is None or facts.pod is PodState.RUNNING:
        return None
    return _by_depth(facts, words.queue) if _said_last(facts, words) else None


def _said_last(facts: QueueFacts, words: Report) -> bool:
    """A pod knows nothing of the mail that a later one took: one that is there, or was seen, or has reported."""
    if facts.pod_uid is not None:
        return words.pod_uid == facts.pod_uid
    reported = facts.report is None or facts.report.pod_uid == words.pod_uid
    return reported and words.pod_uid == facts.last_pod_uid


def _closed_report(facts: QueueFacts) -> Look | None:
    report = facts.report
    if report is None or report.intake is not Intake.CLOSED or facts.is_stale:
        return None
    if _may_have_run_since(facts, report):
        return None
    if report.queue is None:
        return _unreachable(facts, "QueueUnreadable", "its agent cannot read the queue")
    if not report.own_sessions:
        return _by_depth(facts, report.queue)
    if facts.pod is PodState.RUNNING:
        return _waiting("SessionsOpen", f"waiting for {report.own_sessions} SMTP sessions to end")
    return None


def _may_have_run_since(facts: QueueFacts, report: Report) -> bool:
    """Another pod, or this one at another address, may have taken mail after the report."""
    runs = facts.pod not in {PodState.ABSENT, PodState.STUCK}
    return runs and not is_of_pod(report, uid=facts.pod_uid, address=facts.pod_address)


def _closing(facts: QueueFacts) -> Look | None:
    if facts.pod is not PodState.RUNNING:
        return None
    return _waiting("ClosingIntake", "waiting for the relay to report a closed intake and its queue")


def _pod_ending(facts: QueueFacts) -> Look | None:
    if facts.pod is not PodState.RUNNING:
        return None
    return _waiting("PodEnding", "the namespace is terminating: waiting for the pod's last count of its queue")


def _held(facts: QueueFacts) -> Look | None:
    depth = facts.last_depth
    return _by_depth(facts, depth)._replace(proven=None) if depth is not None and depth.messages else None


def _by_depth(facts: QueueFacts, depth: QueueDepth) -> Look:
    if depth.messages == 0:
        return Look(QueueState.EMPTY)
    message = f"{_counts(depth)}: let it be delivered, or {facts.way_out}"
    return Look(QueueState.HOLDS_MAIL, Verdict("True", "MailQueued", message), depth)


def _waiting(reason: str, message: str) -> Look:
    return Look(QueueState.WAITING, Verdict("True", reason, message))


def _unreachable(facts: QueueFacts, reason: str, why: str) -> Look:
    depth = facts.last_depth
    last = f"last known: {_counts(depth)}" if depth else "its depth is not known"
    message = f"the queue cannot be read: {why}; {last}. Let the pod run, or {facts.way_out}"
    return Look(QueueState.UNREACHABLE, Verdict("True", reason, message))


def counted(depth: QueueDepth, *, where: str = "") -> str:
    """`37 messages (2 active, 35 deferred, the oldest of 2025-11-21T11:02:00Z)`."""
    listed = [f"{getattr(depth, part)} {part}" for part in _PARTS if getattr(depth, part)]
    if listed and depth.oldest_arrival is not None:
        listed.append(f"the oldest of {depth.oldest_arrival}")
    return f"{depth.messages} messages{where}" + (f" ({', '.join(listed)})" if listed else "")


def _counts(depth: QueueDepth) -> str:
    return counted(depth, where=" in the queue")


_Check = Callable[[QueueFacts], Look | None]
_CHECKS: tuple[_Check, ...] = (_never_used, _closed_report, _closing)
_CHECKS_IN_ENDING_NAMESPACE: tuple[_Check, ...] = (
    _never_used,
    _last_words,
    _closed_report,
    _pod_ending,
    _held,
)
_UNREACHABLE = {
    PodState.RUNNING: ("NoReport", "its agent does not report"),
    PodState.ABSENT: ("NoPod", "there is no pod"),
    PodState.STUCK: ("PodCannotStart", "its pod cannot start"),
    PodState.SILENT: ("NodeSilent", "its pod's node does not answer"),
    PodState.ENDED: ("PodEnded", "its pod has ended"),
}
