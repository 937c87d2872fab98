"""DrainBlocked: what keeps a relay that is to be emptied from becoming empty."""

from smtppool.control.conditions.observed import ServerObserved
from smtppool.policy.verdict import Verdict

_FREE = Verdict("False", "NotBlocked", "nothing holds mail in a relay that is to be emptied")


def drain_blocked(observed: ServerObserved) -> Verdict:
    """A deleted server's words are its deletion's: mail of which it has decided already holds nothing."""
    decision = observed.lifecycle if observed.view.deleted else observed.assessment.drain
    return decision.blocked or _FREE
