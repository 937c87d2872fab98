"""A relay with 2,000 queued messages is emptied: its peers have all of them within 30 s, and each arrives once.

Half of the mail is deferred by its provider, the other half waits in the active queue of one that answers slowly.
"""

import time
from collections.abc import Iterator

import pytest

from e2e.stand.drains import FULL, PEERS, Drain, plan_of
from e2e.stand.kubectl import get, kubectl
from e2e.stand.sender import Sent
from e2e.stand.stand import Stand
from e2e.stand.waiting import until

MESSAGES = 2000
LIMIT = 30.0  # seconds from the PATCH until the peers have the queue


@pytest.fixture
def drain(stand: Stand, namespace: str) -> Drain:
    """The pool in traffic."""
    addresses = ("198.51.100.121", "198.51.100.122", "198.51.100.123")
    plan = plan_of("emptied", namespace=namespace, addresses=addresses)
    stand.create(plan)
    return Drain(stand=stand, plan=plan)


@pytest.fixture
def sent(stand: Stand, drain: Drain) -> Iterator[Sent]:
    """The queue is full, and no provider takes anything fast."""
    stand.mailnet.set("google", [{"at": "rcpt", "reply": "451 4.3.0 try later"}])
    stand.mailnet.set("yahoo", [{"at": "eom", "delay": "5s"}])
    try:
        sent, held = drain.fill(MESSAGES)
        assert held["active"] > MESSAGES * 3 / 10, held
        yield sent
    finally:
        stand.mailnet.reset()


def all_delivered(drain: Drain, sent: Sent, relays: tuple[str, ...]) -> None:
    """Every message arrives, once."""
    assert max(drain.deliver(sent, relays).values()) == 1


@pytest.mark.timeout(600)
def test_a_drained_relay_gives_its_queue_to_its_peers(stand: Stand, drain: Drain, sent: Sent) -> None:
    began = drain.want("Drained")
    until(lambda: drain.says("Draining") == "False/Drained", what="the relay is empty", timeout=90)
    took = time.monotonic() - began
    at_peers = {name: drain.queued(name).total() for name in PEERS}
    print(f"PATCH until the queue was at the peers and counted: {took:.1f} s; at the peers {at_peers}")
    assert took <= LIMIT
    assert drain.says("DrainBlocked") == "False/NotBlocked"
    until(lambda: not drain.relay(FULL).uid, what="the pod is gone", timeout=120)
    assert get("pvc", f"{FULL}-queue", namespace=drain.plan.namespace)["status"]["phase"] == "Bound"
    all_delivered(drain, sent, PEERS)
    drain.want("Active")
    stand.in_traffic(drain.plan)


@pytest.mark.timeout(600)
def test_a_deleted_relay_gives_its_queue_to_its_peers(drain: Drain, sent: Sent) -> None:
    began = time.monotonic()
    kubectl("delete", "smtpserver", FULL, "-n", drain.plan.namespace, "--wait=false")
    until(lambda: not get("smtpserver", FULL, namespace=drain.plan.namespace), what="the server is gone", timeout=180)
    print(f"deletion of a server with {MESSAGES} messages: {time.monotonic() - began:.1f} s")
    assert not get("pvc", f"{FULL}-queue", namespace=drain.plan.namespace)
    all_delivered(drain, sent, PEERS)


@pytest.mark.timeout(600)
def test_a_relay_that_is_wanted_again_in_the_middle(stand: Stand, drain: Drain, sent: Sent) -> None:
    drain.want("Drained")
    until(lambda: left_some(drain), what="some of the queue has left", timeout=LIMIT, interval=0.1)
    began = drain.want("Active")
    stand.in_traffic(drain.plan)
    spread = {name: drain.queued(name).total() for name in (FULL, *PEERS)}
    print(f"Active again after {time.monotonic() - began:.1f} s; queued {spread}")
    assert drain.says("Draining") == "False/NotRequested"
    all_delivered(drain, sent, (FULL, *PEERS))


def left_some(drain: Drain) -> bool:
    """Or all of it: 2,000 messages need some seconds only."""
    return drain.queued(PEERS[0]).total() + drain.queued(PEERS[1]).total() > MESSAGES / 10
