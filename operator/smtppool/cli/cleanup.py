"""`smtppool cleanup`: for the chart's jobs on uninstallation; `objects` while the operator runs, `leftovers` after.

Refuses while mail is queued; what the operator holds back all the same ends as an error with the reason.
"""

import time
from collections.abc import Callable
from typing import Any

import pykube
import requests
import typer
from pykube.exceptions import HTTPError

from smtppool.api.names import COMPONENT, PART_OF, PART_OF_VALUE, PAUSED, QUEUE_DECISION
from smtppool.cli import facts
from smtppool.cli.cluster import Cluster, IpWarmupPlan, Lease, SmtpPool, SmtpServer, bodies, is_absent
from smtppool.cli.facts import Body

POLL_SECONDS = 2.0
# Pools first: a living pool makes the servers of its addresses anew.
_KINDS = (SmtpPool, SmtpServer, IpWarmupPlan)
_EGRESS_SUFFIXES = ("-egress", "-egress-report")


def objections(servers: list[Body]) -> list[str]:
    """Why the servers must not be deleted unasked, one line each."""
    return [f"{_place(server)}: {why}" for server in servers if (why := _objection(server))]


def _objection(server: Body) -> str:
    annotations = server["metadata"].get("annotations") or {}
    if annotations.get(PAUSED) == "true":
        return "is paused: remove the annotation smtppool.io/paused"
    if annotations.get(QUEUE_DECISION):
        return ""
    if messages := facts.queued(server):
        return f"{messages} messages in the queue"
    held = [finding for finding in facts.findings(server) if finding.type == "QueueUnreachable"]
    return held[0].message if held else ""


def remove_objects(cluster: Cluster, *, force: bool, timeout: float) -> None:
    """Delete everything of the three kinds in all namespaces and wait until it is gone."""
    refused = objections(_listed(SmtpServer, cluster))
    if refused and not force:
        lines = "\n  ".join(["refused, mail would be lost or objects would stay:", *refused])
        typer.echo(f"{lines}\nDeliver it, decide with `smtppool queue`, or set cleanup.force=true.", err=True)
        raise typer.Exit(1)
    if force:
        for server in _listed(SmtpServer, cluster):
            SmtpServer(cluster.api, server).patch({"metadata": {"annotations": {QUEUE_DECISION: "drop"}}})
    for kind in _KINDS:
        for body in _listed(kind, cluster):
            typer.echo(f"delete {kind.kind} {_place(body)}")
            kind(cluster.api, body).delete(propagation_policy="Background")
    _wait(lambda: _remaining(cluster), timeout=timeout)


def remove_leftovers(cluster: Cluster, *, namespace: str, lease: str | None, timeout: float) -> None:
    """Delete what the programs wrote into their own namespace, once the node programs are gone."""

    def listed(kind: Any, label: str, value: str) -> list[Body]:
        return bodies(kind, cluster, namespace=namespace, selector={label: value})

    _wait(lambda: [f"pod {_place(pod)}" for pod in listed(pykube.Pod, COMPONENT, "egress")], timeout=timeout)
    for body in listed(pykube.ConfigMap, PART_OF, PART_OF_VALUE):
        if body["metadata"]["name"].endswith(_EGRESS_SUFFIXES):
            typer.echo(f"delete ConfigMap {_place(body)}")
            pykube.ConfigMap(cluster.api, body).delete()
    if lease:
        Lease(cluster.api, {"metadata": {"name": lease, "namespace": namespace}}).delete()


def _listed(kind: Any, cluster: Cluster) -> list[Body]:
    """All objects of a kind; none where the kind itself is gone."""
    try:
        return bodies(kind, cluster, namespace=None)
    except (HTTPError, requests.HTTPError) as error:
        if is_absent(error):
            return []
        raise


def _remaining(cluster: Cluster) -> list[str]:
    return [
        f"{kind.kind} {_place(body)}: {facts.reason(body) or 'being deleted'}"
        for kind in _KINDS
        for body in _listed(kind, cluster)
    ]


def _wait(remaining: Callable[[], list[str]], *, timeout: float) -> None:
    """Until nothing remains; at the deadline what remains is the error."""
    deadline, told = time.monotonic() + timeout, ""
    while left := remaining():
        if time.monotonic() > deadline:
            lines = "\n  ".join(left)
            typer.echo(f"not gone after {timeout:.0f} s:\n  {lines}", err=True)
            raise typer.Exit(1)
        if "\n".join(left) != told:
            told = "\n".join(left)
            typer.echo(f"waiting for {len(left)}: {left[0]}")
        time.sleep(POLL_SECONDS)


def _place(body: Body) -> str:
    return f"{body['metadata']['namespace']}/{body['metadata']['name']}"
