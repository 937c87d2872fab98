"""A relay that a provider begins to refuse leaves the traffic by itself, beside a pool whose weights are fixed.

Both pools have three relays of equal weight and get 30 messages a second. After ten minutes of health every provider
answers a fifth of what comes from one relay of each pool with a 5xx.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from e2e.mailnet.client import Selection
from e2e.stand.kubectl import patch
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import until

HEALTHY, WATCHED = 600, 300  # seconds before and after the fault
ENOUGH = 50  # spec.health.minSamples
WEIGHT = 100
LIMIT = 15.0  # seconds from enough samples to weight 0
FEWER = 10
# Providers without TLS: twice 30 sessions a second with TLS at each end are more than two cores carry.
MIX = "comcast.net=40,orange.fr=30,globex.example=30"
RATE = ("--rate", "30/s", "--duration", f"{HEALTHY + WATCHED}s", "-p", "20", "--mix", MIX)
REFUSAL = "550 5.7.1 blocked for the reputation of your address"


def plan(namespace: str, first: int, **spec: Any) -> PoolPlan:
    """Three relays of equal weight."""
    servers = tuple(ServerPlan(name=f"mx{n}", address=f"198.51.100.{first + n}", weight=WEIGHT) for n in range(3))
    return PoolPlan(name="reacting", namespace=namespace, servers=servers, spec=spec)


@dataclass(frozen=True)
class Fault:
    """When and where it began."""

    stand: Stand
    begun: float

    def attempts(self, address: str) -> list[float]:
        """When each recipient from this address was answered since then."""
        return sorted(event.wall for event in self.stand.mailnet.records(Selection(since=self.begun, source=address)))


@pytest.fixture
def pools(stand: Stand, namespace: str) -> Iterator[tuple[PoolPlan, PoolPlan]]:
    """One that acts on health, one that only observes it."""
    room = {"minAvailable": 1, "maxUnavailable": "50%"}
    with stand.namespace(f"{namespace}-fixed") as other:
        guarded, fixed = plan(namespace, 101, availability=room), plan(other, 111, availability=room)
        for pool in (guarded, fixed):
            stand.create(pool)
        patch("smtppool", fixed.name, {"spec": {"mode": "Observe"}}, namespace=other)
        yield guarded, fixed


@pytest.mark.node_addresses
@pytest.mark.timeout(HEALTHY + WATCHED + 600)
def test_a_refused_relay_leaves_within_fifteen_seconds(stand: Stand, pools: tuple[PoolPlan, PoolPlan]) -> None:
    guarded, fixed = pools
    runs = [stand.sender(pool.namespace).start(target(pool), *RATE) for pool in pools]
    time.sleep(HEALTHY)  # part of what is measured
    assert [set(stand.weights(pool.namespace).values()) for pool in pools] == [{WEIGHT}, {WEIGHT}], "no false cut"
    bad = guarded.servers[0]
    fault = refuse(stand, [bad.address, fixed.servers[0].address])
    until(lambda: stand.weights(guarded.namespace)[bad.name] == 0, what="the relay is out", timeout=60, interval=0.1)
    out = time.time()
    enough = fault.attempts(bad.address)[:ENOUGH][-1]
    said = until(lambda: unhealthy(stand, bad.name, guarded.namespace), what="Healthy says why", timeout=30)
    for run in runs:
        run.result(timeout=WATCHED + 120)
    taken, steady = (len(fault.attempts(pool.servers[0].address)) for pool in pools)
    print(f"fault -> out {out - fault.begun:.1f} s, enough samples -> out {out - enough:.1f} s; {said}")
    print(f"attempts through the relay in {WATCHED} s: {taken}, with fixed weights {steady}")
    weights = stand.weights(guarded.namespace)
    assert {name for name, weight in weights.items() if weight != WEIGHT} == {bad.name}
    assert out - enough <= LIMIT
    assert steady >= FEWER * taken


def refuse(stand: Stand, addresses: list[str]) -> Fault:
    """Every provider, from now on."""
    rule = {"at": "rcpt", "sources": addresses, "share": "20%", "reply": REFUSAL}
    begun = time.time()
    for provider in stand.mailnet.status()["providers"]:
        if provider != "senders":
            stand.mailnet.set(provider, [rule])
    return Fault(stand, begun)


def unhealthy(stand: Stand, server: str, namespace: str) -> str:
    """What Healthy says of it; '' while it says nothing bad."""
    condition = stand.server(server, namespace=namespace).condition("Healthy")
    return f"{condition['reason']}: {condition['message']}" if condition.get("status") == "False" else ""
