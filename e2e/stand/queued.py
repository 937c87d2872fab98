"""Relays with mail in their queues that their provider does not take yet, and the end of it: all arrives."""

from e2e.mailnet.client import ACCEPTED, Selection
from e2e.stand.pods import RelayPod
from e2e.stand.pools import PoolPlan
from e2e.stand.sender import Sent
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import until


def relay(stand: Stand, plan: PoolPlan, name: str) -> RelayPod:
    """The pod of one member."""
    return RelayPod(cluster=stand.cluster, namespace=plan.namespace, server=name)


def queued(stand: Stand, plan: PoolPlan, name: str) -> int:
    """Messages, as the status says; -1 if it says nothing."""
    return int((stand.server(name, namespace=plan.namespace).status("queue") or {}).get("messages", -1))


def fill(stand: Stand, plan: PoolPlan, name: str, *, messages: int, enough: int) -> Sent:
    """The provider defers all; `enough` of the messages are at that member, and its status says so."""
    stand.mailnet.set("google", [{"at": "rcpt", "reply": "451 4.3.0 try later"}])
    sent = stand.sender(plan.namespace).send(target(plan), "-n", str(messages), "-p", "20", "--mix", "gmail.com=100")
    assert len(sent.acks) == messages, sent.errors
    until(lambda: queued(stand, plan, name) >= enough, what=f"{enough} messages at {name}", timeout=60)
    print(f"queued at {name}: {queued(stand, plan, name)}")
    return sent


def all_delivered(stand: Stand, plan: PoolPlan, sent: Sent, *names: str) -> int:
    """The provider takes mail again: flushed by these members, every message arrives. How many came twice."""
    stand.mailnet.reset()
    for name in names:
        relay(stand, plan, name).flush()
    twice = stand.all_arrive(sent, timeout=180)
    print(f"acknowledged {len(sent.acks)}, lost 0, accepted more than once {twice}")
    selection = Selection(message_id_prefix=sent.prefix, outcome=ACCEPTED.outcome)
    print(f"accepted by source: {dict(stand.mailnet.counts(('source',), selection).groups)}")
    return twice
