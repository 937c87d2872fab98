"""What to do about a condition: for `smtppool explain`, by type and reason; docs/operations.md says it at length."""

from collections.abc import Mapping
from typing import Final

from smtppool.cli.facts import Body, is_fine

NOTHING: Final = "nothing to do"
_ANY: Final = "*"

_ADVICE: Final[Mapping[tuple[str, str], str]] = {
    ("Accepted", "InvalidSpec"): "correct the fields that the message names; the last good configuration is in force",
    ("Accepted", "Conflict"): "an older SmtpServer holds the address: delete one of the two",
    ("Accepted", "PoolNotFound"): "create the SmtpPool, or delete this SmtpServer: poolRef cannot be changed",
    ("Reconciled", "Conflict"): "an object of that name is not the operator's: rename or delete it",
    ("Reconciled", "Paused"): "remove the annotation smtppool.io/paused when you are done",
    ("Reconciled", "NodeWithoutAddress"): "add the address to an interface of a node where the egress DaemonSet runs",
    (
        "EgressVerified",
        "AddressMismatch",
    ): "lanes are closed, mail waits: see which NAT or route gives the other address",
    (
        "EgressVerified",
        "AddressInUse",
    ): "wait for the old pod; if its node is lost, delete the Node object to prove it gone",
    ("EgressVerified", "RuleNotApplied"): "look at the egress pod of the relay's node and its report (error)",
    ("EgressVerified", "NodeNotReporting"): "look at the egress pod of the relay's node: is it running and ready?",
    ("EgressVerified", "Disabled"): 'nobody checks the address; give egressCheck an endpoint instead of mode "Off"',
    ("EgressVerified", "Unreachable"): "repair the check's endpoint or the way to it before the grace ends",
    ("EgressVerified", "GraceExpired"): "lanes are closed until the endpoint answers again: repair it or the way to it",
    ("EgressVerified", "NotVerified"): "the endpoint must be reachable from the pod and echo the client's address",
    ("EgressVerified", "NoReport"): "look at the pod's container `agent` and its events",
    ("EgressVerified", "ReportInvalid"): "look at the pod's container `agent`; is the report edited by hand?",
    ("EgressVerified", "NoPod"): "see the pod's events: volume, image, node",
    ("DrainBlocked", _ANY): "let the queue be delivered, or decide: smtppool queue save|drop <server>",
    (
        "QueueUnreachable",
        _ANY,
    ): "bring the pod back (node, volume, image), or decide: smtppool queue save|drop <server>",
    ("Draining", "Paused"): "remove the annotation smtppool.io/paused to let the deletion go on",
    ("Draining", _ANY): "wait: the deletion goes on by itself",
    ("Ready", _ANY): "see the other conditions; they hold the cause",
}


def advice(condition: Body) -> str:
    """One sentence; for an unknown reason the condition's own message is the best there is."""
    if is_fine(condition):
        return NOTHING
    kind, reason = condition["type"], condition["reason"]
    return _ADVICE.get((kind, reason)) or _ADVICE.get((kind, _ANY)) or "see the message"
