"""A relay that one provider refuses hands that provider's mail to its peers, and goes on delivering to all others."""

import json
import time

import pytest

from e2e.mailnet.client import Selection
from e2e.stand.kubectl import get
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import until
from smtppool.api.names import GRANT_KEY, grant_name

REFUSAL = "550 5.7.1 blocked for the reputation of your address"
SETTLED = 5.0  # seconds after the grant: Postfix asks again for each recipient, but not for those under way


@pytest.mark.node_addresses
def test_mail_of_one_provider_goes_to_peers(stand: Stand, namespace: str) -> None:
    servers = tuple(ServerPlan(name=f"mx{n}", address=f"198.51.100.{130 + n}", weight=100) for n in range(3))
    room = {"minAvailable": 1, "maxUnavailable": "50%"}
    plan = PoolPlan(name="failover", namespace=namespace, servers=servers, spec={"availability": room})
    stand.create(plan)
    bad = servers[0]
    run = stand.sender(namespace).start(
        target(plan), "--rate", "30/s", "--duration", "120s", "--mix", "gmail.com=50,yahoo.com=50"
    )
    until(lambda: len(stand.arrived(run.prefix)) > 300, what="mail flows", timeout=60)
    stand.mailnet.set("yahoo", [{"at": "eom", "sources": [bad.address], "share": "30%", "reply": REFUSAL}])
    begun = time.time()
    until(lambda: excluded(bad.name, namespace) == ["yahoo"], what="the grant excludes yahoo", timeout=60, interval=0.2)
    took = time.time() - begun
    time.sleep(SETTLED)
    since = time.time()
    sent = run.result(timeout=240)
    refused = {
        e.message_id for e in stand.mailnet.records(Selection(source=bad.address, provider="yahoo", since=begun))
    }
    arrived = until(
        lambda: all_there(stand, run.prefix, set(sent.acks) - refused), what="all mail arrived", timeout=120
    )
    by_peers = stand.mailnet.counts(("source", "provider"), Selection(since=since, message_id_prefix=run.prefix)).groups
    print(f"excluded {took:.1f} s after the first refusals; from then on by source and provider: {by_peers}")
    assert arrived
    assert (bad.address, "yahoo") not in by_peers
    assert by_peers[bad.address, "google"] > 0
    assert stand.weights(namespace) == {server.name: 100 for server in servers}
    assert "at yahoo" in stand.server(bad.name, namespace=namespace).condition("Healthy")["message"]


def excluded(server: str, namespace: str) -> list[str]:
    """Providers that the grant in force excludes."""
    body = get("configmap", grant_name(server), namespace=namespace)
    return list(json.loads(body["data"][GRANT_KEY]).get("excluded", []))


def all_there(stand: Stand, prefix: str, wanted: set[str]) -> bool:
    """Whether each of these messages was accepted by a sink."""
    return not wanted - set(stand.arrived(prefix))
