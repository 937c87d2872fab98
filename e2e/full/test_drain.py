"""A relay with 2,000 queued messages is emptied: its peers have all of them within 30 s, and each arrives once.

Half of the mail is deferred by its provider, the other half waits in the active queue of one that answers slowly.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from e2e.mailnet.client import ACCEPTED, Selection
from e2e.mailnet.events import Outcome
from e2e.stand.kubectl import get, kubectl, patch
from e2e.stand.pods import RelayPod
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.sender import Sent
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import until

MESSAGES = 2000
ENOUGH = 1900  # of them in the queue of the relay that gets nearly all connections
LIMIT = 30.0  # seconds from the PATCH until the peers have the queue
FULL = "full"
PEERS = ("left", "right")


@pytest.fixture
def plan(stand: Stand, namespace: str) -> PoolPlan:
    """Nearly all mail goes to one relay; what providers do here must not count against its health."""
    servers = (
        ServerPlan(name=FULL, address="198.51.100.121", weight=256),
        *(ServerPlan(name=name, address=f"198.51.100.{122 + n}", weight=1) for n, name in enumerate(PEERS)),
    )
    plan = PoolPlan(name="emptied", namespace=namespace, servers=servers, spec={"health": {"minSamples": 1000000}})
    stand.create(plan)
    return plan


@pytest.fixture
def sent(stand: Stand, plan: PoolPlan) -> Iterator[Sent]:
    """The queue is full, and no provider takes anything fast."""
    stand.mailnet.set("google", [{"at": "rcpt", "reply": "451 4.3.0 try later"}])
    stand.mailnet.set("yahoo", [{"at": "eom", "delay": "5s"}])
    try:
        mix = "gmail.com=50,yahoo.com=50"
        sent = stand.sender(plan.namespace).send(target(plan), "-n", str(MESSAGES), "-p", "20", "--mix", mix)
        assert len(sent.acks) == MESSAGES, sent.errors
        held = until(lambda: full_enough(stand, plan), what=f"{ENOUGH} messages queued", timeout=30, interval=1)
        assert held["deferred"] > ENOUGH / 3, held
        assert held["active"] > ENOUGH / 3, held
        print(f"queued before the drain: {dict(held)}")
        yield sent
    finally:
        stand.mailnet.reset()


def relay(stand: Stand, plan: PoolPlan, name: str) -> RelayPod:
    return RelayPod(cluster=stand.cluster, namespace=plan.namespace, server=name)


def queued(stand: Stand, plan: PoolPlan, name: str) -> Counter[str]:
    """Messages by queue, as Postfix lists them; delivered ones that are still listed are none."""
    listed = [json.loads(line) for line in relay(stand, plan, name).exec("postfix", "postqueue", "-j").splitlines()]
    return Counter(message["queue_name"] for message in listed if message["recipients"])


def full_enough(stand: Stand, plan: PoolPlan) -> Counter[str]:
    found = queued(stand, plan, FULL)
    return found if found.total() >= ENOUGH and found["deferred"] > ENOUGH / 3 else Counter()


def want(plan: PoolPlan, state: str) -> float:
    """PATCH; when it was asked for."""
    began = time.monotonic()
    patch("smtpserver", FULL, {"spec": {"desiredState": state}}, namespace=plan.namespace)
    return began


def says(stand: Stand, plan: PoolPlan, condition: str) -> str:
    return str(stand.server(FULL, namespace=plan.namespace).says(condition))


def all_delivered(stand: Stand, plan: PoolPlan, sent: Sent, relays: tuple[str, ...]) -> None:
    """Providers take mail again: every message arrives, each recipient once."""
    stand.mailnet.reset()
    for name in relays:
        relay(stand, plan, name).flush()
    twice = stand.all_arrive(sent, timeout=180)
    accepted = Counter(
        (event.message_id, event.recipient)
        for event in stand.mailnet.records(Selection(message_id_prefix=sent.prefix, outcome=Outcome.ACCEPTED))
    )
    print(f"acknowledged {len(sent.acks)}, lost 0, accepted more than once {twice}")
    assert max(accepted.values()) == 1
    assert len(accepted) == MESSAGES
    by_source = stand.mailnet.counts(("source",), Selection(message_id_prefix=sent.prefix, outcome=ACCEPTED.outcome))
    print(f"accepted by source: {dict(by_source.groups)}")


@pytest.mark.timeout(600)
def test_a_drained_relay_gives_its_queue_to_its_peers(stand: Stand, plan: PoolPlan, sent: Sent) -> None:
    began = want(plan, "Drained")
    until(lambda: says(stand, plan, "Draining") == "False/Drained", what="the relay is empty", timeout=90)
    took = time.monotonic() - began
    at_peers = {name: queued(stand, plan, name).total() for name in PEERS}
    print(f"PATCH until the queue was at the peers and counted: {took:.1f} s; at the peers {at_peers}")
    assert took <= LIMIT
    assert says(stand, plan, "DrainBlocked") == "False/NotBlocked"
    until(lambda: not relay(stand, plan, FULL).uid, what="the pod is gone", timeout=120)
    assert get("pvc", f"{FULL}-queue", namespace=plan.namespace)["status"]["phase"] == "Bound"
    all_delivered(stand, plan, sent, PEERS)
    want(plan, "Active")
    stand.in_traffic(plan)


@pytest.mark.timeout(600)
def test_a_deleted_relay_gives_its_queue_to_its_peers(stand: Stand, plan: PoolPlan, sent: Sent) -> None:
    began = time.monotonic()
    kubectl("delete", "smtpserver", FULL, "-n", plan.namespace, "--wait=false")
    until(lambda: not get("smtpserver", FULL, namespace=plan.namespace), what="the server is gone", timeout=180)
    print(f"deletion of a server with {MESSAGES} messages: {time.monotonic() - began:.1f} s")
    assert not get("pvc", f"{FULL}-queue", namespace=plan.namespace)
    all_delivered(stand, plan, sent, PEERS)


@pytest.mark.timeout(600)
def test_a_relay_that_is_wanted_again_in_the_middle(stand: Stand, plan: PoolPlan, sent: Sent) -> None:
    want(plan, "Drained")
    until(lambda: left_some(stand, plan), what="some of the queue has left", timeout=LIMIT, interval=0.1)
    began = want(plan, "Active")
    stand.in_traffic(plan)
    spread = {name: queued(stand, plan, name).total() for name in (FULL, *PEERS)}
    print(f"Active again after {time.monotonic() - began:.1f} s; queued {spread}")
    assert says(stand, plan, "Draining") == "False/NotRequested"
    all_delivered(stand, plan, sent, (FULL, *PEERS))


def left_some(stand: Stand, plan: PoolPlan) -> bool:
    """Or all of it: 2,000 messages need some seconds only."""
    return queued(stand, plan, PEERS[0]).total() + queued(stand, plan, PEERS[1]).total() > MESSAGES / 10
