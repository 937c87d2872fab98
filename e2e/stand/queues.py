"""Relays with mail in their queues: how they are filled, what they hold, and that all of it arrives."""

import time
from collections import Counter
from dataclasses import dataclass

from e2e.mailnet.client import ACCEPTED, Selection
from e2e.mailnet.events import Outcome
from e2e.stand.kubectl import patch
from e2e.stand.pods import RelayPod
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.sender import Sent
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import until

FULL = "full"
PEERS = ("left", "right")
LATER = [{"at": "rcpt", "reply": "451 4.3.0 try later"}]  # what a provider does that takes nothing
PATIENT = {"minSamples": 1000000}  # `spec.health`: what providers do must not count against a relay


def one_full(name: str, *, namespace: str, addresses: tuple[str, str, str]) -> PoolPlan:
    """Nearly all mail goes to one relay; of two nodes, it has one for itself. `addresses`: its own, then its peers'."""
    own, *others = addresses
    left, right = (ServerPlan(name=name, address=one, weight=1) for name, one in zip(PEERS, others, strict=True))
    servers = (left, ServerPlan(name=FULL, address=own, weight=256), right)
    return PoolPlan(name=name, namespace=namespace, servers=servers, spec={"health": PATIENT})


@dataclass(frozen=True, kw_only=True)
class Queues:
    """Those of a pool in traffic."""

    stand: Stand
    plan: PoolPlan

    def relay(self, name: str) -> RelayPod:
        """The pod of one member."""
        return RelayPod(cluster=self.stand.cluster, namespace=self.plan.namespace, server=name)

    def held(self, name: str) -> Counter[str]:
        """Messages by queue, as Postfix lists them."""
        return Counter(message["queue_name"] for message in self.relay(name).queued())

    def shown(self, name: str) -> int:
        """Messages, as the status says; -1 if it says nothing."""
        return int((self.stand.server(name, namespace=self.plan.namespace).status("queue") or {}).get("messages", -1))

    def fill(self, name: str, *, messages: int, enough: int, mix: str) -> tuple[Sent, Counter[str]]:
        """At least `enough` of them are at that member, a third of these deferred by now; what it holds, by queue."""
        sender = self.stand.sender(self.plan.namespace)
        sent = sender.send(target(self.plan), "-n", str(messages), "-p", "20", "--mix", mix)
        assert len(sent.acks) == messages, sent.errors

        def full() -> Counter[str]:
            found = self.held(name)
            return found if found.total() >= enough and found["deferred"] > enough / 3 else Counter()

        held = until(full, what=f"{enough} messages queued at {name}", timeout=60, interval=1)
        print(f"queued at {name}: {dict(held)}")
        return sent, held

    def want(self, name: str, state: str) -> float:
        """PATCH of `desiredState`; when it was asked for."""
        began = time.monotonic()
        patch("smtpserver", name, {"spec": {"desiredState": state}}, namespace=self.plan.namespace)
        return began

    def says(self, name: str, condition: str) -> str:
        """`Status/Reason`."""
        return str(self.stand.server(name, namespace=self.plan.namespace).says(condition))

    def told(self, name: str, condition: str) -> str:
        """The message."""
        return str(self.stand.server(name, namespace=self.plan.namespace).condition(condition)["message"])

    def all_delivered(self, sent: Sent, *names: str) -> Counter[str]:
        """Providers take mail again: flushed by these members, every message arrives. How often each was accepted."""
        self.stand.mailnet.reset()
        for name in names:
            self.relay(name).flush()
        twice = self.stand.all_arrive(sent, timeout=180)
        events = self.stand.mailnet.records(Selection(message_id_prefix=sent.prefix, outcome=Outcome.ACCEPTED))
        accepted = Counter((event.message_id, event.recipient) for event in events)
        print(f"acknowledged {len(sent.acks)}, lost 0, accepted more than once {twice}")
        assert len(accepted) == len(sent.acks), "each message has one recipient"
        selected = Selection(message_id_prefix=sent.prefix, outcome=ACCEPTED.outcome)
        print(f"accepted by source: {dict(self.stand.mailnet.counts(('source',), selected).groups)}")
        return Counter({message: count for (message, _), count in accepted.items()})
