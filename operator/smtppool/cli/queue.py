"""`smtppool queue`: mail that holds the deletion of its server, and the user's decision about it.

A decision is for a server that is being deleted: on a living one it would lose mail silently at some later deletion.
"""

from typing import Any

import pykube
import typer
from pykube.exceptions import HTTPError, ObjectDoesNotExist
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from smtppool.api.names import QUEUE_DECISION, queue_name
from smtppool.cli import facts
from smtppool.cli.cluster import Cluster, SmtpServer, get_server
from smtppool.cli.facts import Body

_PARTS = ("incoming", "active", "deferred", "hold", "corrupt")
_HOLDING = ("DrainBlocked", "QueueUnreachable")


def print_queues(console: Console, servers: list[Body]) -> None:
    """Depth by Postfix queue, and what a deletion waits for."""
    table = Table("SERVER", *map(str.upper, _PARTS), "TOTAL", "DELETION", box=None, header_style="dim")
    for server in servers:
        queue = (server.get("status") or {}).get("queue") or {}
        place = f"{server['metadata']['namespace']}/{server['metadata']['name']}"
        depth = (facts.shown(queue.get(part)) for part in _PARTS)
        table.add_row(place, *depth, facts.shown(facts.queued(server)), escape(_deletion(server)))
    console.print(table)


def _deletion(server: Body) -> str:
    if "deletionTimestamp" not in server["metadata"]:
        return ""
    held = [finding for finding in facts.findings(server) if finding.type in _HOLDING]
    return f"{held[0].type}: {held[0].message}" if held else "under way"


def deleted_server(cluster: Cluster, name: str, namespace: str) -> Body:
    """The server; ends the command if nobody asked for its deletion."""
    server = get_server(cluster, name, namespace)
    if "deletionTimestamp" not in server["metadata"]:
        typer.echo(
            f"SmtpServer {name} is not being deleted, so its queue is in use and safe.\n"
            f"To remove it: kubectl delete smtpserver {name} -n {namespace}; mail that is left holds the deletion, "
            "and then you decide.",
            err=True,
        )
        raise typer.Exit(1)
    return server


def decide(cluster: Cluster, server: Body, decision: str) -> None:
    """State the decision; the operator goes on from there."""
    SmtpServer(cluster.api, server).patch({"metadata": {"annotations": {QUEUE_DECISION: decision}}})


def keep_volume(cluster: Cluster, server: Body) -> str:
    """Make the queue's PersistentVolume outlive its claim; returns its name."""
    namespace, claim_name = server["metadata"]["namespace"], queue_name(server["metadata"]["name"])
    volume = _volume(cluster, claim_name, namespace)
    try:
        volume.patch({"spec": {"persistentVolumeReclaimPolicy": "Retain"}})
    except HTTPError as error:
        if error.code == 403:
            typer.echo(
                "Keeping the volume needs the right to patch PersistentVolumes: ask a cluster administrator.", err=True
            )
        raise
    return str(volume.name)


def _volume(cluster: Cluster, claim_name: str, namespace: str) -> Any:
    claims = pykube.PersistentVolumeClaim.objects(cluster.api, namespace=namespace)
    try:
        name = claims.get_by_name(claim_name).obj["spec"].get("volumeName")
    except ObjectDoesNotExist:
        name = None
    if not name:
        typer.echo(f"there is no volume behind {namespace}/{claim_name}: nothing to save", err=True)
        raise typer.Exit(1)
    return pykube.PersistentVolume.objects(cluster.api).get_by_name(name)
