"""How a drain is told: the conditions Draining and DrainBlocked, with numbers and names."""

from collections.abc import Iterator
from datetime import timedelta

from smtppool.api.documents import Lanes, QueueDepth
from smtppool.policy.drain_facts import PATIENCE, Asked, AskedBy, DrainFacts
from smtppool.policy.emptiness import Look, PodState, QueueState, counted
from smtppool.policy.verdict import Verdict, listed

_NAMED = 8  # peers in a message
_PROVIDERS = 3  # of each
WHY = {
    AskedBy.USER: "desiredState is Drained",
    AskedBy.DELETION: "the server is being deleted",
    AskedBy.HEALTH: "by its health",
    AskedBy.NODE: "its node is cordoned",
}
NODE_CORDONED = "NodeCordoned"


# Closed too early, a report from before it was opened would look like one from after it was closed.
REOPENING = Verdict(
    "True", "ReopeningIntake", "waiting for the relay to report the intake that was opened a moment ago"
)


def leaving(facts: DrainFacts, limit: timedelta) -> Verdict:
    """Draining, while clients may end what they have begun."""
    wait = f"waiting {limit.seconds} s at most"
    if facts.sessions:
        return Verdict("True", "SessionsOpen", f"{wait} for {facts.sessions} SMTP sessions to end")
    return Verdict("True", "LeavingTraffic", f"{wait} until the pool's entries send it no new connections")


def emptying(facts: DrainFacts, look: Look, *, hands_over: bool) -> Verdict:
    """Draining, while there is mail or nobody knows."""
    depth = facts.queue.last_depth
    # Of a pod that cannot start the last count is known, and nobody takes mail from it.
    if look.state is QueueState.UNREACHABLE or (depth and depth.messages and facts.queue.pod is PodState.STUCK):
        return Verdict("True", "QueueUnreachable", "waiting for the queue to be readable")
    known = (
        f"{counted(depth)} {_how(facts, hands_over=hands_over)}"
        if depth is not None
        else "the queue is not counted yet"
    )
    if look.state is QueueState.WAITING and look.verdict is not None:
        return look.verdict._replace(message=f"{look.verdict.message}; {known}")
    return Verdict("True", "HandingOver" if hands_over else "Emptying", known)


def stands_by(facts: DrainFacts, asked: Asked) -> Verdict:
    """Draining of a relay that is empty and that no other node can run."""
    node = facts.cordoned.node if facts.cordoned is not None else "its node"
    held = f"the relay takes no mail and holds none: {node} is cordoned"
    return Verdict("False", NODE_CORDONED, f"{held}, and it cannot move: {asked.stuck}; kubectl uncordon {node}")


def stays(facts: DrainFacts) -> Verdict:
    """Draining of a relay that nobody asked, or that the pool cannot spare though its node is cordoned."""
    told = facts.cordoned.stays if facts.cordoned is not None else None
    return told or Verdict("False", "NotRequested", "nobody asked to empty this relay")


def blocked(facts: DrainFacts, asked: Asked, *, turns: bool, hands_over: bool) -> Verdict | None:
    """The worst reason, and all messages. `turns`: peers and its own delivery are tried in turn."""
    blocks = [*_blocks(facts, asked), *_not_taken(facts, asked, turns=turns, hands_over=hands_over)]
    return Verdict("True", blocks[0][0], "; ".join(message for _, message in blocks)) if blocks else None


def _how(facts: DrainFacts, *, hands_over: bool) -> str:
    if hands_over:
        return f"to hand over; {_names(facts.peers)}"
    return "left; the relay delivers as usual" if facts.lanes is Lanes.OPEN else "left; its lanes are closed"


def _names(peers: tuple[str, ...]) -> str:
    return f"peers {listed(peers, most=_NAMED)}"


def _blocks(facts: DrainFacts, asked: Asked) -> Iterator[tuple[str, str]]:
    """What keeps the queue from becoming empty, the worst first."""
    depth = facts.queue.last_depth or QueueDepth()
    decide = _decide(facts, asked)
    if depth.messages and not facts.peers:
        yield "NoPeer", f"{_nobody(facts)}: {counted(depth)} {_how(facts, hands_over=False)}{decide}"
    if depth.hold:
        yield "HoldQueue", f"{depth.hold} messages on hold go nowhere: postsuper -H or -d in the pod{decide}"
    if depth.corrupt:
        yield "CorruptQueue", f"{depth.corrupt} damaged queue files go nowhere: look at them in the pod{decide}"


def _nobody(facts: DrainFacts) -> str:
    """Why there is no peer: nobody is in traffic, or those that are give mail away themselves."""
    if not facts.giving:
        return "no member in traffic can take the mail"
    told = [f"{name} is excluded at {listed(providers, most=_PROVIDERS)}" for name, providers in facts.giving]
    return f"no member in traffic takes mail of others, as who gives some away does not ({listed(told, most=_NAMED)})"


def _not_taken(facts: DrainFacts, asked: Asked, *, turns: bool, hands_over: bool) -> Iterator[tuple[str, str]]:
    depth = facts.queue.last_depth or QueueDepth()
    if not (depth.messages and facts.peers and facts.stretch):
        return
    minutes, decide = PATIENCE.seconds // 60, _decide(facts, asked)
    told = f"after {minutes} min {counted(depth)} still here: do {_names(facts.peers)} refuse it?"
    if turns and hands_over:
        told += f" It is offered to them for {minutes} min, then the relay delivers by itself again"
    elif turns:
        told += f" The relay delivers by itself for {minutes} min, then it is offered to them again"
    yield "NotTaken", f"{told}{decide}"


def _decide(facts: DrainFacts, asked: Asked) -> str:
    """Only a deletion's queue is the user's to decide upon."""
    return f", or {facts.queue.way_out}" if asked.by is AskedBy.DELETION else ""
