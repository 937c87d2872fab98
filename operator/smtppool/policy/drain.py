"""Does a server hand its queue over, is it emptied, has it a pod: one decision, whoever asks for it.

Grant, weight, replicas and conditions follow from it. A relay gives its mail to peers that are in traffic and no
others, so two relays that are emptied at once never exchange mail; without a peer it delivers by itself. Peers that do
not take all of it, for whatever reason, take turns with its own delivery: no mail waits for ever for somebody else.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from smtppool.api.documents import Intake, Lanes
from smtppool.policy import drain_words, leftovers
from smtppool.policy.drain_facts import Asked, AskedBy, DrainFacts
from smtppool.policy.emptiness import Look, QueueState, look_at_queue
from smtppool.policy.verdict import Verdict

SESSION_LIMIT = timedelta(seconds=5)  # for sessions to end by themselves before the intake closes under them


class Phase(Enum):
    """How far it is."""

    RUNNING = auto()  # nobody asked
    SESSIONS = auto()  # no new connections; open sessions may end
    HANDOVER = auto()  # intake closed, mail goes to peers
    DELIVERY = auto()  # intake closed, no peer takes mail, or not all: it goes where it always went
    EMPTY = auto()  # proven; the pod stays
    RELEASED = auto()  # proven; no pod, the volume stays


@dataclass(frozen=True)
class DrainDecision:
    """The phase, the conditions Draining and DrainBlocked, and what follows for grant and workload."""

    phase: Phase
    draining: Verdict
    blocked: Verdict | None = None
    hands_over: bool = False
    turns: bool = False  # peers do not take all of it: they and its own delivery are tried in turn
    next_check: datetime | None = None

    @property
    def leaves(self) -> bool:
        """It takes no new connections."""
        return self.phase is not Phase.RUNNING

    @property
    def empty(self) -> bool:
        """Proven to hold no mail."""
        return self.phase in {Phase.EMPTY, Phase.RELEASED}

    @property
    def released(self) -> bool:
        """It has no pod."""
        return self.phase is Phase.RELEASED

    @property
    def intake(self) -> Intake:
        """What the grant says."""
        return Intake.OPEN if self.phase in {Phase.RUNNING, Phase.SESSIONS} else Intake.CLOSED

    def lanes(self, own: Lanes) -> Lanes:
        """What the grant says; a peer sends from its own address, so closed lanes may hand over, too."""
        return Lanes.HANDOVER if self.hands_over else own


def decide_drain(facts: DrainFacts) -> DrainDecision:
    """The phase; a proof of an empty queue that was acted upon is not asked for again."""
    asked = facts.asked
    if asked is None:
        return DrainDecision(Phase.RUNNING, drain_words.stays(facts))
    if facts.observe and asked.by is not AskedBy.DELETION and not (facts.begun or facts.released):
        message = f"mode Observe: the relay would be emptied ({drain_words.WHY[asked.by]})"
        return DrainDecision(Phase.RUNNING, Verdict("False", "Observe", message))
    if facts.released and (asked.release or asked.by is AskedBy.DELETION):
        return _released(asked, leftovers.left(look_at_queue(facts.queue)))
    if facts.queue.is_stale:
        return DrainDecision(Phase.SESSIONS, drain_words.REOPENING)
    if _waits_for_sessions(facts):
        told = drain_words.leaving(facts, SESSION_LIMIT)
        return DrainDecision(Phase.SESSIONS, told, next_check=facts.known_since + SESSION_LIMIT)
    look = look_at_queue(facts.queue)
    if _releases(facts, asked):
        look = leftovers.given_up(look, since=facts.since, now=facts.now)
    return _emptied(facts, asked, look) if look.state is QueueState.EMPTY else _emptying(facts, asked, look)


def _releases(facts: DrainFacts, asked: Asked) -> bool:
    """Its pod goes when it is empty: a pod that stays tries on, and a deletion has steps of its own."""
    return asked.release and not facts.entry


def _released(asked: Asked, bounces: str = "") -> DrainDecision:
    message = f"the relay is empty and has no pod ({drain_words.WHY[asked.by]}); its volume and its address stay"
    if bounces:
        message += f", with {bounces}"
    return DrainDecision(Phase.RELEASED, Verdict("False", "Drained", message))


def _emptied(facts: DrainFacts, asked: Asked, look: Look) -> DrainDecision:
    if _releases(facts, asked):
        return _released(asked, leftovers.left(look))
    if asked.stuck:
        return DrainDecision(Phase.EMPTY, drain_words.stands_by(facts, asked), hands_over=bool(facts.peers))
    message = f"the relay takes no mail and holds none ({drain_words.WHY[asked.by]})"
    if asked.release:
        message += "; its pod stays: no other one is ready to answer clients of the pool"
    return DrainDecision(Phase.EMPTY, Verdict("False", "Drained", message), hands_over=bool(facts.peers))


def _emptying(facts: DrainFacts, asked: Asked, look: Look) -> DrainDecision:
    turns = _takes_turns(facts, asked, look)
    own_turn = turns and facts.stretch % 2 == 1
    hands_over = bool(facts.peers) and not own_turn
    blocked = drain_words.blocked(facts, asked, turns=turns, hands_over=hands_over)
    due = [
        facts.stretch_ends if turns or not facts.stretch else None,
        leftovers.ends(look, since=facts.since, now=facts.now),
    ]
    return DrainDecision(
        Phase.HANDOVER if hands_over else Phase.DELIVERY,
        drain_words.emptying(facts, look, hands_over=hands_over),
        blocked=leftovers.announced(blocked, look, since=facts.since, now=facts.now),
        hands_over=hands_over,
        turns=turns and facts.stretch > 0,
        next_check=min((moment for moment in due if moment is not None and moment > facts.now), default=None),
    )


def _takes_turns(facts: DrainFacts, asked: Asked, look: Look) -> bool:
    """Not by health: its own address is what the mail must not leave from, and the relay comes back by itself."""
    able = bool(facts.peers) and facts.lanes is Lanes.OPEN and not asked.unwell
    depth = facts.queue.last_depth
    return (
        able
        and look.state is QueueState.HOLDS_MAIL
        and depth is not None
        and depth.messages > depth.hold + depth.corrupt
    )


def _waits_for_sessions(facts: DrainFacts) -> bool:
    """Once the intake is closed it stays closed: a session that is left hears 450 and, soon, 421."""
    over = facts.now >= facts.known_since + SESSION_LIMIT
    return not (facts.begun or over) and (facts.in_rotation or facts.sessions > 0)
