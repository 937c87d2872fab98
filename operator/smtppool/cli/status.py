"""`smtppool status`: each pool with its members, one line a member."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from smtppool.cli import facts
from smtppool.cli.facts import Body

_COLUMNS = ("MEMBER", "WEIGHT", "STATE", "EGRESS", "NODE", "QUEUED", "REASON")


def print_status(console: Console, *, pools: list[Body], servers: list[Body]) -> None:
    """Pools in the order given, then servers whose pool is not there."""
    for pool in pools:
        members = [server for server in servers if _pool_of(server) == _place(pool)]
        console.print(_title(pool))
        console.print(_members(members) if members else "  no members", "")
    known = {_place(pool) for pool in pools}
    lost = [server for server in servers if _pool_of(server) not in known]
    if lost:
        console.print("[bold]without a pool[/bold]")
        console.print(_members(lost))


def _title(pool: Body) -> str:
    status = pool.get("status") or {}
    namespace, name = _place(pool)
    parts = [
        f"in traffic {facts.shown(status.get('servers'))}",
        f"queued {facts.shown(status.get('queued'))}",
        *([f"rolling {status['rolling']}"] if status.get("rolling") else []),
        *([escape(facts.reason(pool))] if facts.reason(pool) else []),
    ]
    return f"[bold]{namespace}/{name}[/bold]  {'  '.join(parts)}"


def _members(servers: list[Body]) -> Table:
    table = Table(box=None, header_style="dim")
    for column in _COLUMNS:
        table.add_column(column, no_wrap=column != "REASON")
    for server in servers:
        cells = (
            server["metadata"]["name"],
            facts.weight(server),
            facts.state(server),
            facts.egress(server),
            facts.shown((server.get("status") or {}).get("node")),
            facts.shown(facts.queued(server)),
            facts.reason(server),
        )
        table.add_row(*map(escape, cells))
    return table


def _place(body: Body) -> tuple[str, str]:
    return body["metadata"]["namespace"], body["metadata"]["name"]


def _pool_of(server: Body) -> tuple[str, str]:
    return server["metadata"]["namespace"], server["spec"]["poolRef"]["name"]
