"""Draining: is the relay being emptied, by a deletion, by desiredState Drained, or by its health."""

from smtppool.control.conditions.observed import ServerObserved
from smtppool.policy.verdict import Verdict


def draining(observed: ServerObserved) -> Verdict:
    """A deletion's own words first."""
    return observed.lifecycle.draining or observed.assessment.drain.draining
