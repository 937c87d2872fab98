"""The command line: names, options and help of the commands; what they do stands in the modules beside."""

from typing import Annotated

import typer
from rich.console import Console

from smtppool.cli import cleanup as cleanups
from smtppool.cli import queue as queues
from smtppool.cli import simulate
from smtppool.cli.cluster import Cluster, SmtpPool, SmtpServer, bodies, connect, explained, get_server
from smtppool.cli.explain import print_explanation
from smtppool.cli.status import print_status

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Pools of outbound SMTP relays.")
queue = typer.Typer(no_args_is_help=True, help="Mail that holds the deletion of a server.")
cleanup = typer.Typer(no_args_is_help=True, help="Uninstallation; called by the chart.")
app.add_typer(queue, name="queue")
app.add_typer(cleanup, name="cleanup")
app.add_typer(simulate.app, name="simulate")

Namespace = Annotated[str | None, typer.Option("--namespace", "-n", help="Default: the context's namespace.")]
Everywhere = Annotated[bool, typer.Option("--all-namespaces", "-A", help="All namespaces.")]
Context = Annotated[str | None, typer.Option("--context", help="Context of the kubeconfig.")]
Server = Annotated[str, typer.Argument(help="Name of the SmtpServer.")]
Timeout = Annotated[float, typer.Option(help="Seconds to wait.")]


@app.command()
def status(
    pool: Annotated[str | None, typer.Argument(help="Name of an SmtpPool; default: all.")] = None,
    namespace: Namespace = None, everywhere: Everywhere = False, context: Context = None,
) -> None:  # fmt: skip
    """Pools and their members: weight, state, egress address, queue, and what is wrong."""
    with explained():
        cluster = connect(context)
        where = _where(cluster, namespace, everywhere=everywhere)
        pools = [
            body for body in bodies(SmtpPool, cluster, namespace=where) if pool in (None, body["metadata"]["name"])
        ]
        servers = bodies(SmtpServer, cluster, namespace=where)
    if pool is not None:
        servers = [body for body in servers if body["spec"]["poolRef"]["name"] == pool]
    if not pools and not servers:
        typer.echo(f"no SmtpPool{f' {pool}' if pool else ''} in {where or 'any namespace'}", err=True)
        raise typer.Exit(1 if pool else 0)
    print_status(_console(), pools=pools, servers=servers)


@app.command()
def explain(server: Server, namespace: Namespace = None, context: Context = None) -> None:
    """All conditions of a server, with what to do."""
    with explained():
        cluster = connect(context)
        body = get_server(cluster, server, namespace or cluster.namespace)
    print_explanation(_console(), body)


@queue.command("list")
def queue_list(
    server: Annotated[str | None, typer.Argument(help="Name of an SmtpServer; default: all.")] = None,
    namespace: Namespace = None, everywhere: Everywhere = False, context: Context = None,
) -> None:  # fmt: skip
    """Queue depths as last reported, and deletions that wait for them."""
    with explained():
        cluster = connect(context)
        if server is not None:
            servers = [get_server(cluster, server, namespace or cluster.namespace)]
        else:
            servers = bodies(SmtpServer, cluster, namespace=_where(cluster, namespace, everywhere=everywhere))
    queues.print_queues(_console(), servers)


@queue.command("save")
def queue_save(server: Server, namespace: Namespace = None, context: Context = None) -> None:
    """Let the deletion go on and keep the volume with the mail."""
    with explained():
        cluster = connect(context)
        body = queues.deleted_server(cluster, server, namespace or cluster.namespace)
        volume = queues.keep_volume(cluster, body)
        queues.decide(cluster, body, "save")
    typer.echo(f"PersistentVolume {volume} stays, with the mail in it; the deletion of {server} goes on.")


@queue.command("drop")
def queue_drop(
    server: Server, namespace: Namespace = None, context: Context = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:  # fmt: skip
    """Let the deletion go on; the mail in the queue is lost."""
    with explained():
        cluster = connect(context)
        body = queues.deleted_server(cluster, server, namespace or cluster.namespace)
        queues.print_queues(_console(), [body])
        if not yes:
            typer.confirm(f"Lose the mail in the queue of {server}?", abort=True)
        queues.decide(cluster, body, "drop")
    typer.echo(f"The queue of {server} is dropped; the deletion goes on.")


@cleanup.command("objects")
def cleanup_objects(
    force: Annotated[bool, typer.Option(help="Also with mail in queues; it is lost.")] = False, timeout: Timeout = 300,
) -> None:  # fmt: skip
    """Delete all SmtpPools, SmtpServers and IpWarmupPlans and wait until they are gone."""
    with explained():
        cleanups.remove_objects(connect(), force=force, timeout=timeout)


@cleanup.command("leftovers")
def cleanup_leftovers(
    namespace: Annotated[str, typer.Option(help="The operator's namespace.")],
    lease: Annotated[str | None, typer.Option(help="The operator's lease.")] = None, timeout: Timeout = 60,
) -> None:  # fmt: skip
    """Delete what operator and node programs wrote into their own namespace, after they are gone."""
    with explained():
        cleanups.remove_leftovers(connect(), namespace=namespace, lease=lease, timeout=timeout)


def _where(cluster: Cluster, namespace: str | None, *, everywhere: bool) -> str | None:
    return None if everywhere else namespace or cluster.namespace


def _console() -> Console:
    """The terminal's width, or enough for a line per row where the output is read by a program."""
    console = Console()
    return console if console.is_terminal else Console(width=240)
