"""Reconciled: are all children as they were rendered."""

from collections.abc import Sequence

from smtppool.control.attempt import Problem
from smtppool.policy.verdict import Verdict

PAUSED = Verdict("False", "Paused", "the object is paused: remove the annotation smtppool.io/paused to go on")


def reconciled(problems: Sequence[Problem], *, what: str) -> Verdict:
    """The first problem names the reason, all of them are told."""
    if not problems:
        return Verdict("True", "Reconciled", f"all {what} are as stated")
    return Verdict("False", problems[0].reason, "; ".join(problem.message for problem in problems))
