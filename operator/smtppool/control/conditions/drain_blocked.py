"""DrainBlocked: mail holds a deletion."""

from smtppool.control.conditions.observed import ServerObserved
from smtppool.policy.verdict import Verdict


def drain_blocked(observed: ServerObserved) -> Verdict:
    """The deletion's own words."""
    return observed.lifecycle.blocked or Verdict("False", "NotBlocked", "no mail holds a deletion")
