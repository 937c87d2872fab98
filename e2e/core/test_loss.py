"""A relay's pod dies during a send: no acknowledged message is lost, and its own queue leaves by its own address."""

from e2e.stand.kubectl import kubectl
from e2e.stand.pools import PoolPlan
from e2e.stand.sender import Sender
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
    stand.mailnet.set("google", [{"at": "rcpt", "reply": "451 4.3.0 try later"}])
    try:
        sent = sender.send(target(pool), "-n", "180", "-p", "10", "--mix", "gmail.com=100")
        kubectl("delete", "pod", "primary-relay-0", "-n", pool.namespace, "--grace-period=20")
    finally:
        stand.mailnet.reset()
    stand.in_traffic(pool)
    for server in pool.servers:
        pod = f"{server.name}-relay-0"
        kubectl("exec", "-n", pool.namespace, pod, "-c", "postfix", "--", "postqueue", "-f")
    stand.all_arrive(sent)
    rows = shares(counted(stand.mailnet, prefix=sent.prefix), pool.shares)
    assert [row.address for row in rows] == list(pool.shares), "each mail left by a stated address, none by another"
    assert max(row.off for row in rows) <= 2.0  # points; a relay's queue left by its own address, not by a peer's
