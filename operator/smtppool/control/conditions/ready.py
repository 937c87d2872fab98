"""Ready of a server: does its relay run and may it send. The first cause in the chain of a start is the one to tell."""

from collections.abc import Callable

from smtppool.api.documents import Lanes
from smtppool.control.conditions.observed import ServerObserved
from smtppool.policy.drain_words import NODE_CORDONED
from smtppool.policy.verdict import Verdict, listed, quoted

_NAMED = 5


def ready(observed: ServerObserved) -> Verdict:
    """The first check that finds something; else ready, with the weight in force and why."""
    for check in _CHECKS:
        verdict = check(observed)
        if verdict is not None:
            return verdict
    return Verdict("True", "Ready", observed.assessment.weight.message)


def _deleted(observed: ServerObserved) -> Verdict | None:
    if not observed.view.deleted:
        return None
    draining = observed.lifecycle.draining
    return Verdict("False", "Deleted", draining.message if draining else "the server is being deleted")


def _refused(observed: ServerObserved) -> Verdict | None:
    accepted = observed.assessment.accepted
    return None if observed.assessment.in_force else Verdict("False", accepted.reason, accepted.message)


def _unreconciled(observed: ServerObserved) -> Verdict | None:
    if not observed.problems:
        return None
    return Verdict("False", observed.problems[0].reason, observed.problems[0].message)


def _drained(observed: ServerObserved) -> Verdict | None:
    drain = observed.assessment.drain
    if drain.draining.reason == NODE_CORDONED:
        return Verdict("False", NODE_CORDONED, drain.draining.message)
    return Verdict("False", "Drained", drain.draining.message) if drain.released else None


def _homeless(observed: ServerObserved) -> Verdict | None:
    return None if observed.placement.ready else observed.placement.verdict


def _volume(observed: ServerObserved) -> Verdict | None:
    if observed.volume is None:
        return Verdict("False", "VolumeMissing", "the queue's volume claim does not exist")
    if observed.volume.get("status", {}).get("phase") == "Lost":
        return Verdict("False", "VolumeLost", "the queue's volume is lost; its claim remains")
    return None


def _pod(observed: ServerObserved) -> Verdict | None:
    pod, pending = observed.view.pod, _pending_volume(observed)
    if pod is None:
        reason = "VolumePending" if pending else "NoPod"
        return Verdict("False", reason, pending or "the StatefulSet has not made a pod yet")
    if pod.trouble is None:
        return None
    if (homes := observed.homes) is not None and homes.cordoned and not homes.open:
        names = listed(homes.cordoned, most=_NAMED)
        return Verdict("False", NODE_CORDONED, f"{homes.why_not}; {names} could run it if uncordoned")
    return pod.trouble._replace(message="; ".join(filter(None, (pod.trouble.message, pending))))


def _pending_volume(observed: ServerObserved) -> str:
    """Not a cause by itself: some classes wait for the pod to be scheduled."""
    claim = observed.volume or {}
    if claim.get("status", {}).get("phase", "Pending") != "Pending":
        return ""
    storage_class = claim.get("spec", {}).get("storageClassName")
    where = f"storage class {quoted(storage_class)}" if storage_class else "no storage class is given or default"
    return f"volume claim {claim['metadata']['name']} is Pending ({where})" if claim else ""


def _report(observed: ServerObserved) -> Verdict | None:
    if not observed.view.report_invalid:
        return None
    return Verdict("Unknown", "ReportInvalid", "the agent's report cannot be read; traffic stays as it is meanwhile")


def _lanes(observed: ServerObserved) -> Verdict | None:
    egress = observed.assessment.egress
    return None if egress.lanes is Lanes.OPEN else Verdict("False", egress.verdict.reason, egress.verdict.message)


_CHECKS: tuple[Callable[[ServerObserved], Verdict | None], ...] = (
    _deleted,
    _refused,
    _unreconciled,
    _drained,
    _homeless,
    _volume,
    _pod,
    _report,
    _lanes,
)
