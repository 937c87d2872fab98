"""Draining: is the relay being emptied, by a deletion or by desiredState Drained."""

from smtppool.api.documents import Intake
from smtppool.api.smtpserver import DesiredState
from smtppool.control.conditions.observed import ServerObserved
from smtppool.policy.verdict import Verdict


def draining(observed: ServerObserved) -> Verdict:
    """A deletion's own words first."""
    if observed.lifecycle.draining is not None:
        return observed.lifecycle.draining
    spec = observed.view.spec
    if spec is None or spec.desired_state is not DesiredState.DRAINED:
        return Verdict("False", "NotRequested", "nobody asked to empty this relay")
    report = observed.view.own_report
    if report is None or report.intake is not Intake.CLOSED or report.queue is None:
        return Verdict("True", "ClosingIntake", "waiting for the relay to report a closed intake and its queue")
    if report.sessions or report.queue.messages:
        left = f"{report.sessions} sessions, {report.queue.messages} messages left"
        return Verdict("True", "Emptying", f"{left}; mail is delivered as usual")
    return Verdict("False", "Drained", "the relay takes no mail and holds none")
