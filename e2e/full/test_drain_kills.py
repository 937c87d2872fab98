"""Ten kill -9 in one drain: of the operator again and again, of the parts of giver and takers once each; 0 lost.

No provider takes mail meanwhile, so what arrives twice was handed over twice. Only a hand-over whose reply never came
may be done again: the log of the giver names the copies that it knows to be accepted. A taker that is killed loses the
last lines of its own log, so copies are there whose message it does not name; it lists them when it runs again.
"""

import re
import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from e2e.stand import operator
from e2e.stand.queues import FULL, LATER, PEERS, Queues, one_full
from e2e.stand.stand import Stand
from e2e.stand.waiting import until
from smtppool.api.names import MAILLOG

MESSAGES = 1500  # which takes longer to hand over than the kills take
PAUSE = 0.5  # seconds between kills, in which mail moves
LEFT, RIGHT = PEERS
ADDRESSES = ("198.51.100.124", "198.51.100.125", "198.51.100.126")
COPY = re.compile(r"cleanup\[\d+\]: (\w+): message-id=<?([^>\s]+)")
HELD = re.compile(r"qmgr\[\d+\]: (\w+): from=")
KNOWN = re.compile(r"status=sent \(250 [^)]*queued as (\w+)")


class Kill(NamedTuple):
    """Of one container of a relay, or of the operator."""

    container: str
    relay: str = ""


OPERATOR = Kill("operator")
FIRST = OPERATOR  # at once after the PATCH
# Each container once: the kubelet lets one that ends again and again wait.
KILLS = (
    Kill("postfix", FULL),
    Kill("haproxy", LEFT),
    OPERATOR,
    Kill("agent", FULL),
    Kill("postfix", RIGHT),
    OPERATOR,
    Kill("haproxy", FULL),
    Kill("gate", LEFT),
    OPERATOR,
)


@pytest.fixture
def queues(stand: Stand, namespace: str) -> Iterator[Queues]:
    """The pool in traffic; providers put everything off."""
    plan = one_full("killed", namespace=namespace, addresses=ADDRESSES)
    stand.create(plan)
    try:
        for provider in ("google", "yahoo"):
            stand.mailnet.set(provider, LATER)
        yield Queues(stand=stand, plan=plan)
    finally:
        stand.mailnet.reset()


@pytest.mark.timeout(600)
def test_nothing_is_lost_whoever_is_killed_in_a_drain(stand: Stand, queues: Queues) -> None:
    sent, _ = queues.fill(FULL, messages=MESSAGES, enough=MESSAGES * 95 // 100, mix="gmail.com=50,yahoo.com=50")
    began = queues.want(FULL, "Drained")
    hits = [kill(queues, FIRST, began)]
    until(
        lambda: queues.says(FULL, "Draining") == "True/HandingOver", what="mail goes to peers", timeout=60, interval=0.1
    )
    for victim in KILLS:
        if queues.says(FULL, "Draining") == "False/Drained":
            break
        hits.append(kill(queues, victim, began))
        time.sleep(PAUSE)
    until(lambda: queues.says(FULL, "Draining") == "False/Drained", what="the relay is empty", timeout=180)
    until(lambda: not queues.relay(FULL).uid, what="the pod is gone", timeout=120)
    print(f"drained {time.monotonic() - began:.1f} s after the PATCH, {len(hits)} kills on the way")
    assert len(hits) >= 8, "the drain was too quick for its kills"
    assert hits.count(OPERATOR) >= 3
    queues.want(FULL, "Active")
    stand.in_traffic(queues.plan, timeout=240)
    unknown, nameless = without_reply(queues)
    accepted = queues.all_delivered(sent, FULL, *PEERS)
    again = {message.strip("<>"): count - 1 for message, count in accepted.items() if count > 1}
    unexplained = {message: more for message, more in again.items() if more > len(unknown.get(message, ()))}
    print(
        f"handed over without a reply {sum(map(len, unknown.values()))} and {len(nameless)} of which the log is lost, "
        f"accepted again {sum(again.values())}, {sum(unexplained.values())} of these by the latter"
    )
    assert sum(unexplained.values()) <= len(nameless), unexplained


def kill(queues: Queues, victim: Kill, began: float) -> Kill:
    """And say what it met; a killed operator is waited for, else it would never do anything."""
    met = f"{time.monotonic() - began:.1f} s, {queues.says(FULL, 'Draining')}"
    if victim == OPERATOR:
        until(operator.runs, what="the operator runs", timeout=60, interval=0.2)
        operator.kill()
    else:
        queues.relay(victim.relay).kill(victim.container)
    print(f"killed {victim.container} {victim.relay} at {met}")
    return victim


def without_reply(queues: Queues) -> tuple[dict[str, list[str]], set[str]]:
    """Copies at the takers of which no reply came to the giver: by message id, and those that no line names."""
    known = set(KNOWN.findall(maillog(queues, FULL)))
    unknown: dict[str, list[str]] = {}
    nameless: set[str] = set()
    for name in PEERS:
        log = maillog(queues, name)
        copies = COPY.findall(log)
        for copy, message in copies:
            if copy not in known:
                unknown.setdefault(message, []).append(copy)
        nameless |= set(HELD.findall(log)) - {copy for copy, _ in copies} - known
    return unknown, nameless


def maillog(queues: Queues, name: str) -> str:
    return queues.relay(name).exec("postfix", "sh", "-c", f"cat {MAILLOG}*")
