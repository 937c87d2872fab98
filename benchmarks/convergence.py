"""From the reply to the PATCH of a weight to the first connection that follows it.

One member is toggled between 0 and 256 beside a member of weight 1, 200 times, under a constant load of mail. A probe
opens a connection to the pool's Service every 5 ms and notes who greets. An edit upwards is followed by the first
connection that the toggled member takes; an edit to 0 by the first connection after the last one it still took, so
the slowest entry pod counts. Probes and edits share the machine's clock.
"""

import json
import random
import time
from typing import NamedTuple

from e2e.cluster.api import Cluster
from e2e.stand.kinds import SmtpServer
from e2e.stand.operator import Images
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.stand import Stand, target

EDITS = 200
BAR_MS = 50.0
PAUSE = (0.35, 0.55)  # seconds between edits; random, so that no timer of the system beats in step
PLAN = PoolPlan(
    name="bench",
    namespace="bench",
    servers=(
        ServerPlan(name="steady", address="198.51.100.81", weight=1),
        ServerPlan(name="toggled", address="198.51.100.82", weight=256),
    ),
)
TOGGLED = PLAN.servers[1].hostname


class Edit(NamedTuple):
    """One PATCH: when its reply came (wall clock), and the weight it set."""

    replied: float
    weight: int


class Answer(NamedTuple):
    """One probe: when it was opened, and who greeted."""

    at: float
    name: str


def main() -> bool:
    """Install, toggle, report."""
    stand = Stand(cluster=Cluster.attach(), images=Images.of_this_tree())
    stand.install()
    with stand.namespace(PLAN.namespace):
        stand.create(PLAN)
        edits, answers, errors = measure(stand)
    delays = sorted(1000 * delay(edit, later, answers) for edit, later in zip(edits, [*edits[1:], None], strict=True))
    p50, p99, worst = (delays[min(len(delays) - 1, int(part * len(delays)))] for part in (0.5, 0.99, 1.0))
    print(f"weight edit to first connection that follows: {len(delays)} edits, {len(answers)} probes")
    print(f"  p50 {p50:.1f} ms, p99 {p99:.1f} ms (bar {BAR_MS:.0f}), max {worst:.1f} ms, SMTP errors {errors}")
    return p99 <= BAR_MS and errors == 0


def measure(stand: Stand) -> tuple[list[Edit], list[Answer], int]:
    """Toggle under load; edits, probes in order, and the number of errors that probes and load met."""
    sender, prober = stand.sender(PLAN.namespace), stand.sender(PLAN.namespace, name="prober")
    seconds = int(EDITS * sum(PAUSE) / 2) + 20
    load = sender.start(target(PLAN), "--rate", "10/s", "--duration", f"{seconds}s")
    probing = prober.open("smtpload", "probe", target(PLAN), "--duration", f"{seconds}s", "--interval", "5ms")
    time.sleep(5)  # probes before the first edit
    edits = toggle(stand)
    report = json.loads(prober.close(probing, timeout=120))
    sent = load.result(timeout=120)
    answers = sorted(Answer(p["at"], p["name"]) for p in report["probes"] if p["name"])
    errors = sum(report["errors"].values()) + sum(e["count"] for e in sent.errors)
    return edits, answers, errors


def toggle(stand: Stand) -> list[Edit]:
    """The edits themselves, ending with the weight in force."""
    server = SmtpServer.objects(stand.api, namespace=PLAN.namespace).get_by_name(PLAN.servers[1].name)
    edits = []
    for number in range(EDITS):
        weight = 0 if number % 2 == 0 else 256
        server.patch({"spec": {"weight": weight}})
        edits.append(Edit(time.time(), weight))
        time.sleep(random.uniform(*PAUSE))
    return edits


def delay(edit: Edit, later: Edit | None, answers: list[Answer]) -> float:
    """Seconds from the reply to the first connection that follows; infinite if none did before the next edit."""
    end = later.replied - 0.02 if later else float("inf")
    window = [answer for answer in answers if edit.replied <= answer.at < end]
    if edit.weight:
        following = [answer.at for answer in window if answer.name == TOGGLED]
    else:
        last = max((answer.at for answer in window if answer.name == TOGGLED), default=edit.replied)
        following = [answer.at for answer in window if answer.at > last]
    return following[0] - edit.replied if following else float("inf")


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
