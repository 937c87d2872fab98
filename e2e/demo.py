"""`make demo`: a pool of three relays weighted 10/5/3 sends mail to the simulated providers, and shows what it did.

Every number printed is counted at the sinks; the process fails if a share, an address or a message is wrong.
"""

import subprocess
import sys
from dataclasses import replace
from typing import Any

from rich.console import Console

from e2e.cluster.api import Cluster
from e2e.stand import operator, shares
from e2e.stand.ground import require_own_cluster
from e2e.stand.kubectl import items, kubectl, patch
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.sender import Sender, Sent
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import telling, until

NAMESPACE = "demo"
PLAN = PoolPlan(
    name="marketing",
    namespace=NAMESPACE,
    servers=(
        ServerPlan(name="smtp-primary", address="198.51.100.11", weight=10),
        ServerPlan(name="smtp-backup", address="198.51.100.12", weight=5),
        ServerPlan(name="smtp-overflow", address="198.51.100.13", weight=3),
    ),
)
EDITED = {"smtp-primary": 1, "smtp-backup": 1, "smtp-overflow": 1}
LIMIT = 1.0  # percentage points
console = Console(width=140)


def main() -> int:
    """Run the steps in order; each says what it does before it does it."""
    require_own_cluster("make demo")
    stand = Stand(cluster=Cluster.attach(), images=operator.Images.of_this_tree())
    say("Installing the operator by its chart")
    with telling(pods_ready, note):
        told = stand.install()
    note(told.strip())
    prepare(stand)
    sender = replace(stand.sender(NAMESPACE), watched=True)
    fresh = spread(stand, sender, messages=1800, stated=PLAN.shares, title="1,800 messages at weights 10 / 5 / 3")
    edited = reweight(stand, sender)
    killed = kill_one(stand, sender)
    show("kubectl", "get", "smtp", "-n", NAMESPACE)
    farewell()
    return 0 if fresh and edited and killed else 1


def say(text: str) -> None:
    """A headline."""
    console.rule(f"[bold]{text}", align="left")


def note(text: str) -> None:
    """A line beside the story."""
    console.print(text, style="dim", markup=False)


def pods_ready() -> str:
    """How far the installation is."""
    return f"pods of the operator ready: {count_true(items('pods', namespace=operator.NAMESPACE))}"


def members_ready() -> str:
    """How far the pool is."""
    return f"members ready: {count_true(items('smtpservers.smtppool.io', namespace=NAMESPACE))}"


def count_true(bodies: list[dict[str, Any]]) -> str:
    """`1 of 3`, and what Ready says of the first that is not."""
    missing: list[str] = []
    for body in bodies:
        conditions = body.get("status", {}).get("conditions", [])
        ready = next((condition for condition in conditions if condition["type"] == "Ready"), {"status": "Unknown"})
        if ready["status"] != "True":
            why = ready.get("message") or ready.get("reason") or "no status yet"
            missing.append(f"; {body['metadata']['name']}: {why}")
    return f"{len(bodies) - len(missing)} of {len(bodies)}{''.join(missing[:1])}"


def show(*command: str) -> None:
    """Run a command that the user could type, with its line above the output."""
    console.print(f"$ {' '.join(command)}", style="cyan", markup=False)
    subprocess.run(command, check=True)


def prepare(stand: Stand) -> None:
    """A pool from an earlier demo is used again, with its weights set back."""
    say("Applying an SmtpPool and three SmtpServers, each with an egress address of its own")
    if NAMESPACE not in kubectl("get", "namespaces", "-o", "name").replace("namespace/", "").split():
        kubectl("create", "namespace", NAMESPACE)
    with telling(members_ready, note):
        stand.create(PLAN)
    show("kubectl", "get", "smtp", "-n", NAMESPACE)


def spread(stand: Stand, sender: Sender, *, messages: int, stated: dict[str, float], title: str) -> bool:
    """Send, wait until all is at the sinks, print the table; True if shares, addresses and replies are as stated."""
    say(f"Sending {messages:,} messages, one per connection, distinct senders")
    sent = sender.send(target(PLAN), "-n", str(messages), "-p", "10")
    arrive(stand, sent)
    counts = shares.counted(stand.mailnet, prefix=sent.prefix)
    console.print(shares.table(counts, stated, title=title))
    worst = max(row.off for row in shares.shares(counts, stated))
    console.print(f"largest distance from the stated share: {worst:.2f} percentage points (limit {LIMIT})")
    errors = sum(error["count"] for error in sent.errors)
    console.print(f"acknowledged {len(sent.acks):,}, SMTP errors {errors}")
    alone = only_stated(stand, sent)
    return alone and worst <= LIMIT and len(sent.acks) == messages and not errors


def arrive(stand: Stand, sent: Sent) -> int:
    """All of it at the sinks; how many came twice."""

    def there() -> str:
        return f"at the sinks: {len(sent.acks & set(stand.arrived(sent.prefix))):,} of {len(sent.acks):,}"

    with telling(there, note):
        return stand.all_arrive(sent, timeout=180)


def only_stated(stand: Stand, sent: Sent) -> bool:
    """No message came from an address that the pool does not state: a share is too coarse to show a few."""
    strange = shares.strangers(shares.counted(stand.mailnet, prefix=sent.prefix), PLAN.shares)
    console.print(f"from another address: {sum(strange.values())} {strange or ''}".rstrip(), markup=False)
    return not strange


def reweight(stand: Stand, sender: Sender) -> bool:
    """Edit the weights by a plain patch; the next messages follow."""
    say("Editing the weights to 1 / 1 / 1")
    for name, weight in EDITED.items():
        show(
            "kubectl",
            "patch",
            "smtps",
            name,
            "-n",
            NAMESPACE,
            "--type=merge",
            "-p",
            f'{{"spec":{{"weight":{weight}}}}}',
        )
    until(lambda: stand.weights(NAMESPACE) == EDITED, what="edited weights in force", timeout=30)
    even = dict.fromkeys(PLAN.shares, 1 / len(EDITED))
    return spread(stand, sender, messages=900, stated=even, title="900 messages at weights 1 / 1 / 1")


def kill_one(stand: Stand, sender: Sender) -> bool:
    """Delete a relay's pod by force during a send; True if nothing acknowledged is lost or came from elsewhere."""
    say("Killing the pod of smtp-primary during a send of 1,000 messages")
    run = sender.start(target(PLAN), "-n", "1000", "-p", "5", "--rate", "100/s", "--retry", "5")
    until(lambda: len(stand.arrived(run.prefix)) > 100, what="a tenth of the mail at the sinks", timeout=60)
    show("kubectl", "delete", "pod", "smtp-primary-relay-0", "-n", NAMESPACE, "--force", "--grace-period=0")
    sent = run.result(timeout=180)
    duplicates = arrive(stand, sent)
    lost = len(sent.acks - set(stand.arrived(sent.prefix)))
    console.print(f"acknowledged {len(sent.acks):,}, lost {lost}, delivered twice {duplicates}")
    alone = only_stated(stand, sent)
    for weight, server in ((s.weight, s.name) for s in PLAN.servers):
        patch("smtpserver", server, {"spec": {"weight": weight}}, namespace=NAMESPACE)
    with telling(members_ready, note):
        stand.in_traffic(PLAN)
    return alone and not lost


def farewell() -> None:
    """How to go on and how to clean up; `exec` reaches the cluster whichever engine it runs in."""
    say("Go on")
    for command in ("kubectl get smtp -o wide", "kubectl edit smtps smtp-primary", ".venv/bin/smtppool status"):
        console.print(f".venv/bin/python -m e2e.cluster exec -- {command} -n {NAMESPACE}", markup=False)
    console.print("make demo-down    # removes everything", markup=False)


if __name__ == "__main__":
    sys.exit(main())
