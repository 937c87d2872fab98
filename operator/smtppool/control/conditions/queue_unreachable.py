"""QueueUnreachable: is there a queue that nobody can look into: its node is lost, its pod cannot start."""

from smtppool.control.conditions.observed import ServerObserved
from smtppool.policy.emptiness import PodState
from smtppool.policy.verdict import Verdict, quoted

_WHY = {
    PodState.STUCK: ("PodCannotStart", "the pod cannot start"),
    PodState.SILENT: ("NodeSilent", "the pod's node does not answer"),
}


def queue_unreachable(observed: ServerObserved) -> Verdict:
    """A deletion's own words first; a relay that never reported has no queue yet."""
    if observed.lifecycle.unreachable is not None:
        return observed.lifecycle.unreachable
    last = observed.view.last_report
    known = observed.view.status.get("queue", {}).get("messages")
    own = observed.view.own_report
    if own is not None and own.queue is None:
        return Verdict("True", "QueueUnreadable", f"the agent cannot read the queue: {quoted(own.queue_error or '')}")
    if observed.pod_state in _WHY and (last is not None or known is not None):
        reason, why = _WHY[observed.pod_state]
        depth = last.queue.messages if last is not None and last.queue is not None else known
        return Verdict("True", reason, f"{why}; last known: {'unknown' if depth is None else depth} messages")
    return Verdict("False", "QueueReadable", "the queue can be read, or was never used")
