"""EgressVerified: does mail leave from the stated address. Where no node holds it, that is the cause to tell."""

from smtppool.api.documents import Lanes
from smtppool.control.conditions.observed import ServerObserved
from smtppool.policy.verdict import Verdict


def egress_verified(observed: ServerObserved) -> Verdict:
    """The egress decision's verdict."""
    homeless = observed.placement.verdict.status == "False"
    if homeless and observed.assessment.egress.lanes is not Lanes.OPEN:
        return observed.placement.verdict
    return observed.assessment.egress.verdict
