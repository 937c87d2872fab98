"""`make demo`: a pool of three relays weighted 10/5/3 sends mail to the simulated providers, and shows what it did.

Every number printed is counted at the sinks; the process fails if a share, an address or a message is wrong.
"""

import subprocess
import sys
from collections.abc import Callable

from rich.console import Console

from e2e.cluster.api import Cluster
from e2e.stand import operator, shares
from e2e.stand.ground import require_own_cluster
from e2e.stand.kubectl import kubectl, patch
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.sender import Sender, Sent
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import until

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
    console.print(stand.install().strip(), style="dim", markup=False)
    prepare(stand)
    sender = stand.sender(NAMESPACE)
    fresh = spread(stand, sender, messages=1800, stated=PLAN.shares, title="1,800 messages at weights 10 / 5 / 3")
    edited = reweight(stand, sender)
    lost = kill_one(stand, sender)
    show("kubectl", "get", "smtp", "-n", NAMESPACE)
    farewell()
    return 0 if fresh and edited and not lost else 1


def say(text: str) -> None:
    """A headline."""
    console.rule(f"[bold]{text}", align="left")


def show(*command: str) -> None:
    """Run a command that the user could type, with its line above the output."""
    console.print(f"$ {' '.join(command)}", style="cyan", markup=False)
    subprocess.run(command, check=True)


def prepare(stand: Stand) -> None:
    """A pool from an earlier demo is used again, with its weights set back."""
    say("Applying an SmtpPool and three SmtpServers, each with an egress address of its own")
    if NAMESPACE not in kubectl("get", "namespaces", "-o", "name").replace("namespace/", "").split():
        kubectl("create", "namespace", NAMESPACE)
    stand.create(PLAN)
    show("kubectl", "get", "smtp", "-n", NAMESPACE)


def spread(stand: Stand, sender: Sender, *, messages: int, stated: dict[str, float], title: str) -> bool:
    """Send, wait until all is at the sinks, print the table; True if every share is within the limit."""
    say(f"Sending {messages:,} messages, one per connection, distinct senders")
    sent = follow(lambda: sender.send(target(PLAN), "-n", str(messages), "-p", "10"))
    stand.all_arrive(sent)
    counts = shares.counted(stand.mailnet, prefix=sent.prefix)
    console.print(shares.table(counts, stated, title=title))
    worst = max(row.off for row in shares.shares(counts, stated))
    console.print(f"largest distance from the stated share: {worst:.2f} percentage points (limit {LIMIT})")
    console.print(f"acknowledged {len(sent.acks):,}, SMTP errors {sum(e['count'] for e in sent.errors)}")
    return worst <= LIMIT and len(sent.acks) == messages


def follow(send: Callable[[], Sent]) -> Sent:
    """Show that something is going on."""
    with console.status("sending ..."):
        return send()


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


def kill_one(stand: Stand, sender: Sender) -> int:
    """Delete a relay's pod by force during a send; returns how many acknowledged messages are lost."""
    say("Killing the pod of smtp-primary during a send of 1,000 messages")
    run = sender.start(target(PLAN), "-n", "1000", "-p", "5", "--rate", "100/s", "--retry", "5")
    until(lambda: len(stand.arrived(run.prefix)) > 100, what="a tenth of the mail at the sinks", timeout=60)
    show("kubectl", "delete", "pod", "smtp-primary-relay-0", "-n", NAMESPACE, "--force", "--grace-period=0")
    sent = follow(lambda: run.result(timeout=180))
    duplicates = stand.all_arrive(sent, timeout=180)
    lost = len(sent.acks - set(stand.arrived(sent.prefix)))
    console.print(f"acknowledged {len(sent.acks):,}, lost {lost}, delivered twice {duplicates}")
    for weight, server in ((s.weight, s.name) for s in PLAN.servers):
        patch("smtpserver", server, {"spec": {"weight": weight}}, namespace=NAMESPACE)
    stand.in_traffic(PLAN)
    return lost


def farewell() -> None:
    """How to go on and how to clean up; `exec` reaches the cluster whichever engine it runs in."""
    say("Go on")
    for command in ("kubectl get smtp -o wide", "kubectl edit smtps smtp-primary", ".venv/bin/smtppool status"):
        console.print(f".venv/bin/python -m e2e.cluster exec -- {command} -n {NAMESPACE}", markup=False)
    console.print("make demo-down    # removes everything", markup=False)


if __name__ == "__main__":
    sys.exit(main())
