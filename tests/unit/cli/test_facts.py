"""What the tables say about a server, case by case."""

from pathlib import Path
from typing import Any

import pytest

from smtppool.cli import facts
from smtppool.cli.advice import BY_REASON, NOTHING, advice
from smtppool.cli.cleanup import objections


def condition(kind: str, status: str = "True", reason: str = "Fine", message: str = "text") -> dict[str, Any]:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def server(*conditions: dict[str, Any], metadata: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    relay = {"hostname": "mx1.example.com", "egress": {"address": "198.51.100.11"}}
    return {
        "metadata": {"namespace": "mail", "name": "mx1", **(metadata or {})},
        "spec": {"poolRef": {"name": "marketing"}, "weight": 100, "relay": relay},
        "status": {"conditions": list(conditions), **status},
    }


READY, NOT_READY = condition("Ready"), condition("Ready", "False", "LanesClosed", "lanes are closed")
MISMATCH = condition("EgressVerified", "False", "Mismatch", "mail would leave from 192.0.2.66")
BLOCKED = condition("DrainBlocked", "True", "MailQueued", "10 messages")
NOT_EVALUATED = condition("Healthy", "Unknown", "NotEvaluated")


@pytest.mark.parametrize(
    ("conditions", "reason"),
    [
        ((), "no status yet: does the operator run?"),
        ((READY,), ""),
        ((READY, NOT_EVALUATED), ""),
        ((READY, condition("DrainBlocked", "False")), ""),
        ((NOT_READY, MISMATCH), "Mismatch: mail would leave from 192.0.2.66"),
        ((NOT_READY, MISMATCH, BLOCKED), "MailQueued: 10 messages"),
        ((NOT_READY, condition("NewKind", "False", "Odd", "x")), "LanesClosed: lanes are closed"),
    ],
    ids=["no status", "fine", "not evaluated", "adverse and false", "cause first", "blocked first", "unknown kind"],
)
def test_reason(conditions: tuple[dict[str, Any], ...], reason: str) -> None:
    assert facts.reason(server(*conditions)) == reason


@pytest.mark.parametrize(
    ("status", "weight", "egress", "queued"),
    [
        ({}, "- of 100", "198.51.100.11", None),
        ({"weight": 100}, "100", "198.51.100.11", None),
        ({"weight": 0, "observedAddress": "198.51.100.11"}, "0 of 100", "198.51.100.11", None),
        ({"observedAddress": "192.0.2.66"}, "- of 100", "198.51.100.11, seen 192.0.2.66", None),
        ({"queue": {"messages": 7}}, "- of 100", "198.51.100.11", 7),
    ],
)
def test_cells(status: dict[str, Any], weight: str, egress: str, queued: int | None) -> None:
    body = server(**status)
    assert (facts.weight(body), facts.egress(body), facts.queued(body)) == (weight, egress, queued)


def test_state() -> None:
    assert facts.state(server(state="Sending")) == "Sending"
    assert facts.state(server(state="Sending", metadata={"deletionTimestamp": "x"})) == "Deleting"


def test_smarthost_has_no_address() -> None:
    body = server()
    body["spec"] = {"poolRef": {"name": "p"}, "smarthost": {"host": "smtp.example.net"}}
    assert facts.egress(body) == "via smtp.example.net"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (READY, NOTHING),
        (NOT_EVALUATED, NOTHING),
        (MISMATCH, "lanes are closed"),
        (BLOCKED, "smtppool queue save|drop"),
        (condition("DrainBlocked", "True", "NoPeer"), "excluded nowhere"),
        (condition("DrainBlocked", "True", "HoldQueue"), "postsuper -H"),
        (condition("DrainBlocked", "True", "NotTaken"), "what the peers answer"),
        (condition("QueueUnreachable", "True", "NoReport"), "container `agent`"),
        (condition("Ready", "False", "CrashLoopBackOff"), "kubectl logs --previous"),
        (condition("Healthy", "False", "Probation"), "wait: "),
        (condition("NewKind", "False", "Odd"), "see the message"),
    ],
)
def test_advice(given: dict[str, Any], says: str) -> None:
    assert says in advice(given)


@pytest.mark.parametrize("reason", ["NoPeer", "NotTaken", "HoldQueue", "CorruptQueue"])
def test_nobody_is_sent_to_a_command_that_refuses(reason: str) -> None:
    """`smtppool queue save` and `drop` are for servers that are being deleted; a drain may be of a living one."""
    assert "smtppool queue" not in advice(condition("DrainBlocked", "True", reason))


def test_every_advised_reason_is_one_that_is_given() -> None:
    """A reason that was renamed would lose its advice silently."""
    package = Path(facts.__file__).parents[1]
    sources = "".join(path.read_text() for layer in ("policy", "control") for path in (package / layer).rglob("*.py"))
    assert [reason for reason in BY_REASON if f'"{reason}"' not in sources] == []


@pytest.mark.parametrize(
    ("body", "objection"),
    [
        (server(), None),
        (server(queue={"messages": 0}), None),
        (server(queue={"messages": 3}), "mail/mx1: 3 messages in the queue"),
        (server(condition("QueueUnreachable", "True", "NoPod", "no pod")), "mail/mx1: no pod"),
        (server(condition("QueueUnreachable", "False")), None),
        (server(queue={"messages": 3}, metadata={"annotations": {"smtppool.io/queue-decision": "drop"}}), None),
        (server(metadata={"annotations": {"smtppool.io/paused": "true"}}), "mail/mx1: is paused"),
    ],
    ids=["never used", "empty", "mail", "unreachable", "reachable", "decided", "paused"],
)
def test_cleanup_objections(body: dict[str, Any], objection: str | None) -> None:
    found = objections([body])
    assert len(found) == (objection is not None)
    assert all(line.startswith(objection or "") for line in found)
