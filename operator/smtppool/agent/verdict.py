"""What the gate may allow. Pure.

The grant, which is bound to this pod and its address, and what the agent itself saw of the source address.
"""

from smtppool.api.documents import EgressObservation, GateTable, Grant, Intake, Lanes, Routing, is_of_pod

NO_GRANT = "not yet allowed to send"
OTHER_POD = "the permission to send is for another pod"
NOT_SEEN = "source address not seen yet"
OTHER_SOURCE = "source address is not the expected one"


def table(
    *,
    routing: Routing | None,
    grant: Grant | None,
    egress: EgressObservation,
    pod_uid: str,
    pod_address: str,
    handed_over: tuple[str, ...] = (),
) -> GateTable | None:
    """The gate's table; None while no routing says who may submit, which the gate takes as closed.

    `handed_over`: domains of the providers that the grant excludes.
    """
    if routing is None:
        return None
    lanes, reason = permission(grant=grant, egress=egress, pod_uid=pod_uid, pod_address=pod_address)
    intake = grant.intake if grant else Intake.OPEN
    return GateTable(lanes=lanes, intake=intake, reason=reason, handed_over=handed_over, submission=routing.submission)


def permission(*, grant: Grant | None, egress: EgressObservation, pod_uid: str, pod_address: str) -> tuple[Lanes, str]:
    """Lanes and the reason that senders read while they are closed."""
    if grant is None:
        return Lanes.CLOSED, NO_GRANT
    if not is_of_pod(grant, uid=pod_uid, address=pod_address):
        return Lanes.CLOSED, OTHER_POD
    if grant.lanes is Lanes.OPEN and not _verified(grant, egress):
        return Lanes.CLOSED, NOT_SEEN if egress.observed_address is None else OTHER_SOURCE
    return grant.lanes, grant.reason


def _verified(grant: Grant, egress: EgressObservation) -> bool:
    """Whether this pod itself has seen its address, where that is checked. A check that fails later is no
    other answer. The grant alone is not enough: after a boot of the node it is older than the node's rules.
    """
    order = grant.egress_check
    return order.expected is None or order.endpoint is None or egress.observed_address == order.expected
