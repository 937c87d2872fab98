"""A relay with a full queue that is to be emptied: how it is filled, what it holds, and that all of it arrives once."""

import json
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


def plan_of(name: str, *, namespace: str, addresses: tuple[str, str, str]) -> PoolPlan:
    """Nearly all mail goes to one relay; what providers do here must not count against its health."""
    full, *others = addresses
    servers = (
        ServerPlan(name=FULL, address=full, weight=256),
        *(ServerPlan(name=name, address=address, weight=1) for name, address in zip(PEERS, others, strict=True)),
    )
    return PoolPlan(name=name, namespace=namespace, servers=servers, spec={"health": {"minSamples": 1000000}})


@dataclass(frozen=True, kw_only=True)
class Drain:
    """Such a pool, in traffic."""

    stand: Stand
    plan: PoolPlan

    def relay(self, name: str) -> RelayPod:
        """The pod of one of its relays."""
        return RelayPod(cluster=self.stand.cluster, namespace=self.plan.namespace, server=name)

    def fill(self, messages: int) -> tuple[Sent, Counter[str]]:
        """Half for google, which must defer it, half for yahoo; nearly all at the full one, where it is by queue."""
        mix = "gmail.com=50,yahoo.com=50"
        sender = self.stand.sender(self.plan.namespace)
        sent = sender.send(target(self.plan), "-n", str(messages), "-p", "20", "--mix", mix)
        assert len(sent.acks) == messages, sent.errors
        enough = messages * 95 // 100
        held = until(lambda: self._full(enough), what=f"{enough} messages queued", timeout=30, interval=1)
        assert held["deferred"] > enough / 3, held
        print(f"queued before the drain: {dict(held)}")
        return sent, held

    def queued(self, name: str) -> Counter[str]:
        """Messages by queue, as Postfix lists them; delivered ones that are still listed are none."""
        listed = [json.loads(line) for line in self.relay(name).exec("postfix", "postqueue", "-j").splitlines()]
        return Counter(message["queue_name"] for message in listed if message["recipients"])

    def want(self, state: str) -> float:
        """PATCH; when it was asked for."""
        began = time.monotonic()
        patch("smtpserver", FULL, {"spec": {"desiredState": state}}, namespace=self.plan.namespace)
        return began

    def says(self, condition: str) -> str:
        """Of the full one."""
        return str(self.stand.server(FULL, namespace=self.plan.namespace).says(condition))

    def deliver(self, sent: Sent, relays: tuple[str, ...]) -> Counter[str]:
        """Providers take mail again, every message arrives; how often each was accepted."""
        self.stand.mailnet.reset()
        for name in relays:
            self.relay(name).flush()
        twice = self.stand.all_arrive(sent, timeout=180)
        events = self.stand.mailnet.records(Selection(message_id_prefix=sent.prefix, outcome=Outcome.ACCEPTED))
        accepted = Counter((event.message_id, event.recipient) for event in events)
        print(f"acknowledged {len(sent.acks)}, lost 0, accepted more than once {twice}")
        assert len(accepted) == len(sent.acks), "each message has one recipient"
        selected = Selection(message_id_prefix=sent.prefix, outcome=ACCEPTED.outcome)
        print(f"accepted by source: {dict(self.stand.mailnet.counts(('source',), selected).groups)}")
        return Counter({message: count for (message, _), count in accepted.items()})

    def _full(self, enough: int) -> Counter[str]:
        found = self.queued(FULL)
        return found if found.total() >= enough and found["deferred"] > enough / 3 else Counter()
