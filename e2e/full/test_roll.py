"""A template change rolls three relays, one after another, under load: no SMTP error, nothing lost."""

import time
from dataclasses import replace

from e2e.stand.kubectl import apply, patch
from e2e.stand.pods import RelayPod
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.sender import Sender
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import until

ROLL_TIMEOUT = 240
SOON = 30
ABSENT = "127.0.0.1:1/relay:absent"  # nothing listens there, so a pull fails at once whatever the node can reach
PULL_FAILS = {"False/ErrImagePull", "False/ImagePullBackOff"}


def test_a_template_change_rolls_without_an_error(stand: Stand, pool: PoolPlan, sender: Sender) -> None:
    pods = [RelayPod(cluster=stand.cluster, namespace=pool.namespace, server=s.name) for s in pool.servers]
    before = {pod.name: pod.uid for pod in pods}
    run = sender.start(target(pool), "--rate", "30/s", "--duration", "150s", "-p", "10")
    until(lambda: len(stand.arrived(run.prefix)) > 60, what="mail flows", timeout=30)
    patch(
        "smtppool",
        pool.name,
        {"spec": {"pod": {"annotations": {"example.com/rolled": "yes"}}}},
        namespace=pool.namespace,
    )

    def rolled() -> bool:
        down = [pod.name for pod in pods if not pod.uid]
        assert len(down) <= 1, f"one relay at a time, not {down}"
        return all(pod.uid and pod.uid != before[pod.name] for pod in pods)

    begun = time.monotonic()
    until(rolled, what="all pods are new", timeout=ROLL_TIMEOUT, interval=0.5)
    stand.in_traffic(pool)
    print(f"three relays rolled in {time.monotonic() - begun:.0f} s")
    assert run.running, "the load outlasts the roll"
    sent = run.result(timeout=300)
    stand.all_arrive(sent, timeout=180)
    print(f"acknowledged {len(sent.acks)} of {sent.report['attempted']}, errors {sent.errors}")
    assert sent.errors == []
    assert len(sent.acks) == sent.report["attempted"]


def test_a_bad_image_takes_one_relay_and_says_so(stand: Stand, pool: PoolPlan, namespace: str) -> None:
    """An image that no node has: a new relay says so within 30 s; a roll stops at the first one, which says so too."""
    new = ServerPlan(name="new", address="198.51.100.70", provider="preprovisioned")
    absent = replace(stand, images=replace(stand.images, relay=ABSENT))
    absent.install()
    try:
        apply(PoolPlan(name="imageless", namespace=namespace, servers=(new,)).manifests())
        print(until(lambda: pull_fails(stand, new.name, namespace), what="Ready names the image", timeout=SOON))
        stuck = until(lambda: stand.not_ready(pool.namespace), what="one relay is not ready", timeout=120)
        (name,) = stuck
        print(until(lambda: pull_fails(stand, name, pool.namespace), what="Ready names the image", timeout=SOON))
        rolls = stand.pool(pool.name, namespace=pool.namespace).condition("Reconciled")
        assert name in rolls["message"]
        assert len(stand.not_ready(pool.namespace)) == 1
    finally:
        stand.install()
    stand.in_traffic(pool, timeout=ROLL_TIMEOUT)


def pull_fails(stand: Stand, server: str, namespace: str) -> str:
    """What Ready says of an image that cannot be had; '' while it says something else."""
    found = stand.server(server, namespace=namespace)
    said, told = found.says("Ready"), str(found.condition("Ready").get("message", ""))
    return f"{said}: {told}" if said in PULL_FAILS and ABSENT in told else ""
