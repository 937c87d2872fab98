"""Shares, addresses and names at the sinks: what receivers see is what the user stated."""

import pytest

from e2e.mailnet.client import Selection
from e2e.mailnet.events import Outcome
from e2e.stand import shares
from e2e.stand.kubectl import patch
from e2e.stand.pools import PoolPlan
from e2e.stand.sender import Sender
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import until

LIMIT = 1.0  # percentage points


def test_shares_follow_the_weights(stand: Stand, pool: PoolPlan, sender: Sender) -> None:
    sent = sender.send(target(pool), "-n", "1800", "-p", "10")
    assert sent.errors == []
    assert len(sent.acks) == 1800
    assert stand.all_arrive(sent) == 0
    counts = shares.counted(stand.mailnet, prefix=sent.prefix)
    rows = shares.shares(counts, pool.shares)
    print(*rows, sep="\n")
    assert set(counts) == set(pool.shares), "every message leaves by a stated address, none by another"
    assert max(row.off for row in rows) <= LIMIT
    assert sum(row.messages for row in rows) == 1800


@pytest.mark.node_addresses
def test_each_address_says_its_own_name(stand: Stand, pool: PoolPlan, sender: Sender) -> None:
    sent = sender.send(target(pool), "-n", "36")
    stand.all_arrive(sent)
    selection = Selection(message_id_prefix=sent.prefix, outcome=Outcome.ACCEPTED)
    seen = set(stand.mailnet.counts(("source", "helo"), selection).groups)
    assert seen == {(s.address, s.hostname) for s in pool.servers}


def test_a_weight_of_zero_gets_nothing(stand: Stand, pool: PoolPlan, sender: Sender) -> None:
    patch("smtpserver", "overflow", {"spec": {"weight": 0}}, namespace=pool.namespace)
    try:
        until(lambda: stand.weights(pool.namespace)["overflow"] == 0, what="weight 0 in force", timeout=30)
        sent = sender.send(target(pool), "-n", "300", "-p", "10")
        stand.all_arrive(sent)
    finally:
        patch("smtpserver", "overflow", {"spec": {"weight": 3}}, namespace=pool.namespace)
    assert sent.errors == []
    assert set(shares.counted(stand.mailnet, prefix=sent.prefix)) == {"198.51.100.21", "198.51.100.22"}
