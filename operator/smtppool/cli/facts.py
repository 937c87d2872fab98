"""What the tables show of one object; pure, from its body alone. Fields that are not there yet are shown as such."""

from typing import Any, NamedTuple

NOT_KNOWN = "-"
# Conditions that are bad when True.
ADVERSE = frozenset({"Draining", "DrainBlocked", "QueueUnreachable"})
# Inputs of later versions: not evaluated is not worth a line in a table.
NOT_EVALUATED = "NotEvaluated"

Body = dict[str, Any]
_URGENCY = ("DrainBlocked", "QueueUnreachable", "Accepted", "Reconciled", "EgressVerified", "Draining", "Ready")


class Finding(NamedTuple):
    """A condition that is not as it should be."""

    type: str
    status: str
    reason: str
    message: str


def conditions(body: Body) -> list[Body]:
    """Conditions of the status."""
    return list((body.get("status") or {}).get("conditions") or [])


def is_fine(condition: Body) -> bool:
    """Whether a condition says that all is well, or that nobody looked by design."""
    if condition["reason"] == NOT_EVALUATED:
        return True
    return bool(condition["status"] == ("False" if condition["type"] in ADVERSE else "True"))


def findings(body: Body) -> list[Finding]:
    """What is wrong, the most urgent first: causes before the summary that Ready gives."""
    wrong = [condition for condition in conditions(body) if not is_fine(condition)]
    ranked = sorted(wrong, key=lambda condition: _rank(condition["type"]))
    return [Finding(c["type"], c["status"], c["reason"], c.get("message", "")) for c in ranked]


def _rank(kind: str) -> int:
    return _URGENCY.index(kind) if kind in _URGENCY else len(_URGENCY)


def reason(body: Body) -> str:
    """One line: the most urgent finding, or that there is none."""
    if not conditions(body):
        return "no status yet: does the operator run?"
    found = findings(body)
    return f"{found[0].reason}: {found[0].message}" if found else ""


def weight(body: Body) -> str:
    """Weight in force, and the stated one where it differs."""
    stated = body["spec"].get("weight", 100)
    in_force = (body.get("status") or {}).get("weight")
    if in_force is None:
        return f"{NOT_KNOWN} of {stated}"
    return str(stated) if in_force == stated else f"{in_force} of {stated}"


def egress(body: Body) -> str:
    """The stated address, and the observed one where it is another."""
    relay = body["spec"].get("relay")
    if relay is None:
        return f"via {body['spec']['smarthost']['host']}"
    address = relay["egress"]["address"]
    observed = (body.get("status") or {}).get("observedAddress")
    return str(address) if observed in (None, address) else f"{address}, seen {observed}"


def queued(body: Body) -> int | None:
    """Messages in the queue as last reported."""
    queue = (body.get("status") or {}).get("queue")
    return None if queue is None else int(queue.get("messages", 0))


def state(body: Body) -> str:
    """State as the operator says it."""
    if "deletionTimestamp" in body["metadata"]:
        return "Deleting"
    return str((body.get("status") or {}).get("state") or NOT_KNOWN)


def shown(value: object) -> str:
    """A number or text, or that it is not known."""
    return NOT_KNOWN if value is None or value == "" else str(value)
