"""Ready of a pool: does it take mail. Members that are not in traffic are named with the reason."""

from smtppool.control.conditions.observed import PoolObserved
from smtppool.policy.verdict import Verdict, listed

_NAMED = 5


def pool_ready(observed: PoolObserved) -> Verdict:
    """Ready as long as one member is in traffic."""
    if observed.view.deleted:
        return Verdict("False", "Deleted", f"waiting for {len(observed.servers)} servers to be deleted")
    if not observed.servers:
        return Verdict("False", "NoMembers", "no SmtpServer names this pool, and it has no addresses")
    weights = observed.weights
    out = [
        f"{view.key.name}: {assessment.weight.reason}"
        for view, assessment in observed.servers
        if not weights.get(view.key.name)
    ]
    members, inside = len(observed.servers), len(observed.servers) - len(out)
    if not inside:
        return Verdict("False", "NoMemberInTraffic", f"clients are told to try later; {listed(out, most=_NAMED)}")
    said = f"{inside} of {members} members in traffic"
    return Verdict("True", "InTraffic", f"{said}; {listed(out, most=_NAMED)}" if out else said)
