"""Reconciled of a pool: its children, and the roll of its members' pods."""

from smtppool.control.attempt import Problem
from smtppool.control.conditions.observed import PoolObserved
from smtppool.control.conditions.reconciled import reconciled
from smtppool.policy.verdict import Verdict


def pool_reconciled(observed: PoolObserved) -> Verdict:
    """A roll that waits is told as such; it ends by itself when the member comes back."""
    roll = observed.roll
    held = observed.scored.held if observed.scored else None
    problems = [*observed.problems, *([held.problem] if held else [])]
    if problems or not roll.outdated:
        return reconciled(problems, what="children")
    left = f"{roll.outdated} members have an older pod template"
    if roll.waiting_for:
        unwell = {view.key.name for view, assessment in observed.servers if assessment.unwell}
        waiting = ", ".join(f"{name} (out by its health)" if name in unwell else name for name in roll.waiting_for)
        return reconciled([Problem("RollWaits", f"{left}; waiting for {waiting} to be ready and in order")], what="")
    return Verdict("False", "Rolling", f"{left}; {roll.picked} is being replaced")
