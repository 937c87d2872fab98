"""From the reply to the PATCH of a weight to the first connection that follows it.

One member is toggled between 0 and 256 beside a member of weight 1, 200 times, under a constant load of mail. A probe
opens a connection to the pool's Service every 5 ms and notes who greets. An edit upwards is followed by the first
connection that the toggled member takes; an edit to 0 by the first connection after the last one it still took, so
the slowest entry pod counts. Probes and edits share the machine's clock. Between the edits a ConfigMap that nobody
reads is written as well: what one write takes at this API server, on this machine, at that moment.
"""

import json
import random
import time
from itertools import pairwise
from typing import NamedTuple

import pykube

from benchmarks.routingwatch import RoutingWatch
from e2e.cluster.api import Cluster
from e2e.stand.kinds import SmtpServer
from e2e.stand.operator import Images
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.stand import Stand, numeric_target

EDITS = 200
BAR_MS = 50.0
SPREAD = {"p50": 0.5, "p99": 0.99, "max": 1.0}
PAUSE = (0.35, 0.55)  # seconds between edits; random, so that no timer of the system beats in step
LATE = 0.02  # seconds between two probes that hide more than their stated distance
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
    """One PATCH: when it was sent and when its reply came (wall clock), and the weight it set."""

    sent: float
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
        watch = RoutingWatch(stand.api, pool=PLAN.name, namespace=PLAN.namespace, member=PLAN.servers[1].name)
        edits, bare, answers, errors = measure(stand)
    delays = [delay(edit, later, answers) for edit, later in zip(edits, [*edits[1:], None], strict=True)]
    written = [watch.written(edit.weight, after=edit.replied) - edit.replied for edit in edits]
    tell(delays, written, answers)
    print(f"  a bare write at the API server:     {spread(bare)}")
    held = 1000 * percentile(delays, 0.99) <= BAR_MS and errors == 0
    print(f"  bar: p99 {BAR_MS:.0f} ms, 0 SMTP errors; SMTP errors {errors}")
    return held


def tell(delays: list[float], written: list[float], answers: list[Answer]) -> None:
    """The figure, and where the time goes."""
    after = [whole - first for whole, first in zip(delays, written, strict=True)]
    print(
        f"reply to the PATCH of a weight -> first connection that follows: {len(delays)} edits, {len(answers)} probes"
    )
    print(f"  {spread(delays)}")
    print(f"  reply -> routing seen by a watcher: {spread(written)}")
    print(f"  routing -> first connection:        {spread(after)}")
    late = [gap for gap in gaps(answers) if gap > LATE]
    print(f"  between two probes:                 {spread(gaps(answers))}; {len(late)} times over {1000 * LATE:.0f} ms")


def gaps(answers: list[Answer]) -> list[float]:
    """Seconds between two probes: no delay can be seen that is shorter."""
    return [later.at - earlier.at for earlier, later in pairwise(answers)]


def percentile(values: list[float], part: float) -> float:
    """The value that `part` of all stay below: one rank above the nearest, so of 200 the second largest is the p99."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def spread(values: list[float]) -> str:
    """Seconds as a line of milliseconds."""
    return ", ".join(f"{name} {1000 * percentile(values, part):.1f} ms" for name, part in SPREAD.items())


def measure(stand: Stand) -> tuple[list[Edit], list[float], list[Answer], int]:
    """Toggle under load; edits, seconds of bare writes, probes in order, and the errors that probes and load met."""
    entry = numeric_target(PLAN)
    sender, prober = stand.sender(PLAN.namespace), stand.sender(PLAN.namespace, name="prober")
    seconds = int(EDITS * sum(PAUSE) / 2) + 20
    load = sender.start(entry, "--rate", "10/s", "--duration", f"{seconds}s")
    probing = prober.open("smtpload", "probe", entry, "--duration", f"{seconds}s", "--interval", "5ms")
    time.sleep(5)  # probes before the first edit
    edits, bare = toggle(stand)
    report = json.loads(prober.close(probing, timeout=120))
    sent = load.result(timeout=120)
    answers = sorted(Answer(p["at"], p["name"]) for p in report["probes"] if p["name"])
    errors = sum(report["errors"].values()) + sum(e["count"] for e in sent.errors)
    return edits, bare, answers, errors


def toggle(stand: Stand) -> tuple[list[Edit], list[float]]:
    """The edits themselves, ending with the weight in force; and how long each bare write between them took."""
    server = SmtpServer.objects(stand.api, namespace=PLAN.namespace).get_by_name(PLAN.servers[1].name)
    unread = pykube.ConfigMap(stand.api, {"metadata": {"name": "unread", "namespace": PLAN.namespace}})
    unread.create()
    edits, bare = [], []
    for number in range(EDITS):
        weight = 0 if number % 2 == 0 else 256
        sent = time.time()
        server.patch({"spec": {"weight": weight}})
        edits.append(Edit(sent, time.time(), weight))
        pause = random.uniform(*PAUSE)
        time.sleep(pause / 2)
        begun = time.time()
        unread.patch({"data": {"number": str(number)}})
        bare.append(time.time() - begun)
        time.sleep(max(0.0, pause / 2 - bare[-1]))
    return edits, bare


def delay(edit: Edit, later: Edit | None, answers: list[Answer]) -> float:
    """Seconds from the reply to the first connection that follows; infinite if none did before the next was sent.

    A reply may reach its client after the operator has already acted on what it replies to, so the next edit counts
    from its request.
    """
    end = later.sent if later else float("inf")
    window = [answer for answer in answers if edit.replied <= answer.at < end]
    if edit.weight:
        following = [answer.at for answer in window if answer.name == TOGGLED]
    else:
        last = max((answer.at for answer in window if answer.name == TOGGLED), default=edit.replied)
        following = [answer.at for answer in window if answer.at > last]
    return following[0] - edit.replied if following else float("inf")


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
