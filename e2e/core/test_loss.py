"""A relay's pod dies during a send: no acknowledged message is lost, and its own queue leaves by its own address."""

from collections import Counter
from collections.abc import Mapping

from e2e.mailnet.client import ACCEPTED, Selection
from e2e.stand.kubectl import kubectl
from e2e.stand.pods import RelayPod
from e2e.stand.pools import PoolPlan
from e2e.stand.queues import LATER
from e2e.stand.sender import Sender, Sent
from e2e.stand.shares import counted, shares
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import until


def test_a_force_deleted_pod_loses_nothing(stand: Stand, pool: PoolPlan, sender: Sender) -> None:
    run = sender.start(target(pool), "-n", "900", "-p", "5", "--rate", "60/s", "--retry", "5")
    until(lambda: len(stand.arrived(run.prefix)) > 100, what="mail flows", timeout=30)
    kubectl("delete", "pod", "primary-relay-0", "-n", pool.namespace, "--force", "--grace-period=0")
    sent = run.result()
    duplicates = stand.all_arrive(sent, timeout=120)
    print(f"acknowledged {len(sent.acks)}, lost 0, duplicates {duplicates}, errors {sent.errors}")
    assert len(sent.acks) == 900
    assert set(counted(stand.mailnet, prefix=sent.prefix)) <= set(pool.shares)


def test_a_full_queue_survives_a_pod_restart_and_keeps_its_address(
    stand: Stand, pool: PoolPlan, sender: Sender
) -> None:
    relays = {s.address: RelayPod(cluster=stand.cluster, namespace=pool.namespace, server=s.name) for s in pool.servers}
    stand.mailnet.set("google", LATER)
    try:
        sent = sender.send(target(pool), "-n", "180", "-p", "10", "--mix", "gmail.com=100")
        holders = until(lambda: each_in_one(relays, sent), what="each message is in one queue", timeout=30, interval=1)
        kubectl("delete", "pod", "primary-relay-0", "-n", pool.namespace, "--grace-period=20")
    finally:
        stand.mailnet.reset()
    stand.in_traffic(pool)
    for relay in relays.values():
        relay.flush()
    stand.all_arrive(sent)
    rows = shares(counted(stand.mailnet, prefix=sent.prefix), pool.shares)
    assert [row.address for row in rows] == list(pool.shares), "each mail left by a stated address, none by another"
    assert max(row.off for row in rows) <= 2.0  # points
    events = stand.mailnet.records(Selection(message_id_prefix=sent.prefix, outcome=ACCEPTED.outcome))
    moved = [event for event in events if stand.mailnet.origin(event) != holders.get(event.recipient)]
    print(f"queued by address {dict(Counter(holders.values()))}, from another one than the queue's own {len(moved)}")
    assert moved == []


def each_in_one(relays: Mapping[str, RelayPod], sent: Sent) -> dict[str, str]:
    """Address of the relay that holds the message for a recipient; nothing until each is in one queue.

    Each message has a recipient of its own. One that moves between the parts of a queue may be listed twice, or not.
    """
    held = [
        (recipient["address"], address)
        for address, relay in relays.items()
        for message in relay.queued()
        for recipient in message["recipients"]
        if recipient["address"].startswith(sent.prefix)
    ]
    holders = dict(held)
    return holders if len(held) == len(holders) == len(sent.acks) else {}
