"""A relay with 2,000 queued messages is emptied: its peers have all of them within 30 s, and each arrives once.

Half of the mail is deferred by its provider, the other half waits in the active queue of one that answers slowly.
"""

import time
from collections.abc import Iterator

import pytest

from e2e.stand.kubectl import get, kubectl
from e2e.stand.queues import FULL, LATER, PEERS, Queues, one_full
from e2e.stand.sender import Sent
from e2e.stand.stand import Stand
from e2e.stand.waiting import until

MESSAGES = 2000
MIX = "gmail.com=50,yahoo.com=50"
LIMIT = 30.0  # seconds from the PATCH until the peers have the queue


@pytest.fixture
def queues(stand: Stand, namespace: str) -> Queues:
    """The pool in traffic."""
    addresses = ("198.51.100.121", "198.51.100.122", "198.51.100.123")
    plan = one_full("emptied", namespace=namespace, addresses=addresses)
    stand.create(plan)
    return Queues(stand=stand, plan=plan)


@pytest.fixture
def sent(stand: Stand, queues: Queues) -> Iterator[Sent]:
    """The queue is full, and no provider takes anything fast."""
    stand.mailnet.set("google", LATER)
    stand.mailnet.set("yahoo", [{"at": "eom", "delay": "5s"}])
    try:
        sent, held = queues.fill(FULL, messages=MESSAGES, enough=MESSAGES * 95 // 100, mix=MIX)
        assert held["active"] > MESSAGES * 3 / 10, held
        yield sent
    finally:
        stand.mailnet.reset()


def arrives_once(queues: Queues, sent: Sent, *relays: str) -> None:
    """Every message arrives, once."""
    assert max(queues.all_delivered(sent, *relays).values()) == 1


@pytest.mark.timeout(600)
def test_a_drained_relay_gives_its_queue_to_its_peers(stand: Stand, queues: Queues, sent: Sent) -> None:
    began = queues.want(FULL, "Drained")
    until(lambda: queues.says(FULL, "Draining") == "False/Drained", what="the relay is empty", timeout=90)
    took = time.monotonic() - began
    at_peers = {name: queues.held(name).total() for name in PEERS}
    print(f"PATCH until the queue was at the peers and counted: {took:.1f} s; at the peers {at_peers}")
    assert took <= LIMIT
    assert queues.says(FULL, "DrainBlocked") == "False/NotBlocked"
    until(lambda: not queues.relay(FULL).uid, what="the pod is gone", timeout=120)
    assert get("pvc", f"{FULL}-queue", namespace=queues.plan.namespace)["status"]["phase"] == "Bound"
    arrives_once(queues, sent, *PEERS)
    queues.want(FULL, "Active")
    stand.in_traffic(queues.plan)


@pytest.mark.timeout(600)
def test_a_deleted_relay_gives_its_queue_to_its_peers(queues: Queues, sent: Sent) -> None:
    began = time.monotonic()
    kubectl("delete", "smtpserver", FULL, "-n", queues.plan.namespace, "--wait=false")
    until(lambda: not get("smtpserver", FULL, namespace=queues.plan.namespace), what="the server is gone", timeout=180)
    print(f"deletion of a server with {MESSAGES} messages: {time.monotonic() - began:.1f} s")
    assert not get("pvc", f"{FULL}-queue", namespace=queues.plan.namespace)
    arrives_once(queues, sent, *PEERS)


@pytest.mark.timeout(600)
def test_a_relay_that_is_wanted_again_in_the_middle(stand: Stand, queues: Queues, sent: Sent) -> None:
    queues.want(FULL, "Drained")
    until(lambda: left_some(queues), what="some of the queue has left", timeout=LIMIT, interval=0.1)
    began = queues.want(FULL, "Active")
    stand.in_traffic(queues.plan)
    spread = {name: queues.held(name).total() for name in (FULL, *PEERS)}
    print(f"Active again after {time.monotonic() - began:.1f} s; queued {spread}")
    assert queues.says(FULL, "Draining") == "False/NotRequested"
    arrives_once(queues, sent, FULL, *PEERS)


def left_some(queues: Queues) -> bool:
    """Or all of it: 2,000 messages need some seconds only."""
    return queues.held(PEERS[0]).total() + queues.held(PEERS[1]).total() > MESSAGES / 10
