"""A template change rolls three relays, one after another, under load: no SMTP error, nothing lost."""

import time
from dataclasses import replace

from e2e.stand.kubectl import patch
from e2e.stand.pods import RelayPod
from e2e.stand.pools import PoolPlan
from e2e.stand.sender import Sender
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import until

ROLL_TIMEOUT = 240


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


def test_a_bad_image_takes_one_relay_and_says_so(stand: Stand, pool: PoolPlan) -> None:
    """An upgrade to an image that no node has: the roll stops at the first relay, within 30 s with a reason."""
    absent = replace(stand, images=replace(stand.images, relay="smtppool/relay:absent"))
    absent.install()
    try:
        stuck = until(lambda: stand.not_ready(pool.namespace), what="one relay is not ready", timeout=120)
        said = until(lambda: trouble(stand, pool, *stuck), what="Ready names the image", timeout=30)
        print(said)
        rolls = stand.pool(pool.name, namespace=pool.namespace).condition("Reconciled")
        assert next(iter(stuck)) in rolls["message"]
        assert len(stand.not_ready(pool.namespace)) == 1
    finally:
        stand.install()
    stand.in_traffic(pool, timeout=ROLL_TIMEOUT)


def trouble(stand: Stand, pool: PoolPlan, server: str) -> str:
    """What Ready says of an image that cannot be had; '' while it says something else."""
    condition = stand.server(server, namespace=pool.namespace).condition("Ready")
    return f"{condition['reason']}: {condition['message']}" if "Image" in condition.get("reason", "") else ""
