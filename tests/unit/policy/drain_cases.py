"""Drains as a table: what is known, and which phase, reasons of Draining and DrainBlocked it makes."""

from typing import Any, NamedTuple

from smtppool.api.documents import Intake, Lanes, QueueDepth
from smtppool.policy.drain import SESSION_LIMIT, Phase
from smtppool.policy.drain_facts import PATIENCE, Asked, AskedBy, OnCordoned
from smtppool.policy.emptiness import PodState
from smtppool.policy.verdict import Verdict
from tests.unit.policy.facts import NOW, report

USER = Asked(AskedBy.USER, release=True)
DELETION = Asked(AskedBy.DELETION, release=False)
OFF_DUTY = Asked(AskedBy.HEALTH, release=False, unwell=True)
SCALED_DOWN = Asked(AskedBy.HEALTH, release=True, unwell=True)
MOVES = Asked(AskedBy.NODE, release=True)
STUCK = Asked(AskedBy.NODE, release=False, stuck="no other node takes pods")
LEAVES = OnCordoned("n1", leaves=True)
STAYS = OnCordoned("n1", leaves=False, stays=Verdict("False", "LastMember", "n1 is cordoned, and the relay stays"))
MAIL = QueueDepth(active=2, deferred=35)
EMPTY = {"report": report(intake=Intake.CLOSED)}
CLOSED_MAIL = report(intake=Intake.CLOSED, queue=MAIL)
BUSY = report(sessions=3)
FRESH: dict[str, Any] = {"begun": False, "since": None}
GONE: dict[str, Any] = {"pod": PodState.ABSENT, "pod_uid": None, "pod_address": None}


def closed(**depth: Any) -> dict[str, Any]:
    """Queue facts with this count and a closed intake."""
    return {"report": report(intake=Intake.CLOSED, queue=QueueDepth(**depth))}


class Case(NamedTuple):
    """`fields` bend a relay that has closed its intake for its user, with mail and two peers."""

    name: str
    fields: dict[str, Any]
    phase: Phase
    draining: str
    blocked: str | None = None


_SILENT = {"report": CLOSED_MAIL, "pod": PodState.SILENT, "pod_address": None}
_STUCK = {"report": CLOSED_MAIL, "pod": PodState.STUCK, "pod_uid": "pod-2", "pod_address": None}
_UNUSED = {"ever_reported": False, "report": None, "known_depth": None}
_LATE = {"since": NOW - PATIENCE}
_LATE_SESSIONS = {"begun": False, "since": NOW - SESSION_LIMIT, "queue": {"report": BUSY}}

CASES = (
    Case("nobody asked", {"asked": None}, Phase.RUNNING, "NotRequested"),
    Case("the pool observes", {"observe": True, "begun": False}, Phase.RUNNING, "Observe"),
    Case("the pool observes, and it had begun", {"observe": True}, Phase.HANDOVER, "HandingOver"),
    Case(
        "the pool observes a deletion",
        {"observe": True, "begun": False, "asked": DELETION},
        Phase.HANDOVER,
        "HandingOver",
    ),
    Case("sessions may end", {**FRESH, "queue": {"report": BUSY}}, Phase.SESSIONS, "SessionsOpen"),
    Case("the entries still choose it", {**FRESH, "in_rotation": True}, Phase.SESSIONS, "LeavingTraffic"),
    Case("sessions did not end", _LATE_SESSIONS, Phase.HANDOVER, "ClosingIntake"),
    Case("no session", {**FRESH, "queue": {"report": report()}}, Phase.HANDOVER, "ClosingIntake"),
    Case("mail for peers", {}, Phase.HANDOVER, "HandingOver"),
    Case("its own address is wrong, a peer's is not", {"lanes": Lanes.CLOSED}, Phase.HANDOVER, "HandingOver"),
    Case("no peer", {"peers": ()}, Phase.DELIVERY, "Emptying", "NoPeer"),
    Case("no peer, closed lanes", {"peers": (), "lanes": Lanes.CLOSED}, Phase.DELIVERY, "Emptying", "NoPeer"),
    Case("mail on hold", {"queue": closed(hold=3)}, Phase.HANDOVER, "HandingOver", "HoldQueue"),
    Case("damaged mail", {"queue": closed(corrupt=1)}, Phase.HANDOVER, "HandingOver", "CorruptQueue"),
    Case("peers refuse", _LATE, Phase.DELIVERY, "Emptying", "NotTaken"),
    Case("peers refuse, and are asked again", {"since": NOW - 2 * PATIENCE}, Phase.HANDOVER, "HandingOver", "NotTaken"),
    Case("peers refuse, closed lanes", {**_LATE, "lanes": Lanes.CLOSED}, Phase.HANDOVER, "HandingOver", "NotTaken"),
    Case("peers refuse, by health", {**_LATE, "asked": OFF_DUTY}, Phase.HANDOVER, "HandingOver", "NotTaken"),
    Case("peers refuse, on a cordoned node", {**_LATE, "asked": STUCK}, Phase.DELIVERY, "Emptying", "NotTaken"),
    Case(
        "and it is unwell", {**_LATE, "asked": STUCK._replace(unwell=True)}, Phase.HANDOVER, "HandingOver", "NotTaken"
    ),
    Case("peers refuse a deletion", {**_LATE, "asked": DELETION}, Phase.DELIVERY, "Emptying", "NotTaken"),
    Case("only mail on hold is left", {**_LATE, "queue": closed(hold=3)}, Phase.HANDOVER, "HandingOver", "HoldQueue"),
    Case("nobody can say any more", {**_LATE, "queue": _SILENT}, Phase.HANDOVER, "QueueUnreachable", "NotTaken"),
    Case("nobody can say", {"queue": _SILENT}, Phase.HANDOVER, "QueueUnreachable"),
    Case("its next pod cannot start", {"queue": _STUCK}, Phase.HANDOVER, "QueueUnreachable"),
    Case("another pod's count", {"queue": {**EMPTY, "pod_uid": "pod-2"}}, Phase.HANDOVER, "ClosingIntake"),
    Case("empty", {"queue": EMPTY}, Phase.RELEASED, "Drained"),
    Case("empty, nobody else answers clients", {"queue": EMPTY, "entry": True}, Phase.EMPTY, "Drained"),
    Case("empty, by health", {"queue": EMPTY, "asked": OFF_DUTY}, Phase.EMPTY, "Drained"),
    Case("scaled down by health", {"queue": EMPTY, "asked": SCALED_DOWN}, Phase.RELEASED, "Drained"),
    Case(
        "a cordoned node, and the pool spares nobody", {"asked": None, "cordoned": STAYS}, Phase.RUNNING, "LastMember"
    ),
    Case("a cordoned node", {"asked": STUCK}, Phase.HANDOVER, "HandingOver"),
    Case("a cordoned node, empty: it moves", {"queue": EMPTY, "asked": MOVES}, Phase.RELEASED, "Drained"),
    Case("a cordoned node, empty, nowhere to go", {"queue": EMPTY, "asked": STUCK}, Phase.EMPTY, "NodeCordoned"),
    Case("moving, its pod still ends", {"released": True, "asked": MOVES}, Phase.RELEASED, "Drained"),
    Case(
        "the pool observes a cordoned node", {"observe": True, "begun": False, "asked": MOVES}, Phase.RUNNING, "Observe"
    ),
    Case("released: not asked again", {"released": True, "queue": GONE}, Phase.RELEASED, "Drained"),
    Case("released, now deleted", {"released": True, "queue": GONE, "asked": DELETION}, Phase.RELEASED, "Drained"),
    Case("released, now observed", {"released": True, "observe": True, "begun": False}, Phase.RELEASED, "Drained"),
    Case("released, now wanted", {"released": True, "asked": None}, Phase.RUNNING, "NotRequested"),
    Case("released, now only to hand over", {"released": True, "asked": OFF_DUTY}, Phase.HANDOVER, "HandingOver"),
    Case(
        "opened a moment ago", {**FRESH, "queue": {**EMPTY, "granted": Intake.OPEN}}, Phase.SESSIONS, "ReopeningIntake"
    ),
    Case(
        "opened for another pod, which has not reported",
        {"begun": False, "queue": {**EMPTY, **GONE, "granted": Intake.OPEN}},
        Phase.SESSIONS,
        "ReopeningIntake",
    ),
    Case("never used", {"queue": _UNUSED}, Phase.RELEASED, "Drained"),
)
