"""`smtppool explain`: every condition of a server, with what to do about it."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from smtppool.api.names import PAUSED
from smtppool.cli import facts
from smtppool.cli.advice import NOTHING, advice
from smtppool.cli.facts import Body

_COLUMNS = ("CONDITION", "STATUS", "REASON", "SINCE", "MESSAGE", "WHAT TO DO")
_WRAPPED = frozenset({"MESSAGE", "WHAT TO DO"})


def print_explanation(console: Console, server: Body) -> None:
    """Facts in one line, then the conditions, wrong ones first."""
    metadata = server["metadata"]
    console.print(f"[bold]{metadata['namespace']}/{metadata['name']}[/bold]  {escape(_summary(server))}")
    if (metadata.get("annotations") or {}).get(PAUSED) == "true":
        console.print("paused: the operator writes nothing for it")
    found = facts.conditions(server)
    if not found:
        console.print("no conditions yet: does the operator run, and does it reach the API server?")
        return
    table = Table(box=None, header_style="dim")
    for column in _COLUMNS:
        table.add_column(column, no_wrap=column not in _WRAPPED)
    for condition in sorted(found, key=facts.is_fine):
        style = "" if advice(condition) == NOTHING else "yellow"
        table.add_row(*map(escape, _cells(condition)), style=style)
    console.print(table)


def _summary(server: Body) -> str:
    status = server.get("status") or {}
    parts = {
        "state": facts.state(server),
        "weight": facts.weight(server),
        "egress": facts.egress(server),
        "node": facts.shown(status.get("node")),
        "queued": facts.shown(facts.queued(server)),
    }
    return "  ".join(f"{name} {value}" for name, value in parts.items())


def _cells(condition: Body) -> tuple[str, ...]:
    since = condition.get("lastTransitionTime", facts.NOT_KNOWN)
    return (
        condition["type"],
        condition["status"],
        condition["reason"],
        since,
        condition.get("message", ""),
        advice(condition),
    )
