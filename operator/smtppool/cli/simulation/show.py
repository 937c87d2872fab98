"""A run as tables: score and standing of each member over time, and what was done and why."""

from datetime import timedelta

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from smtppool.cli.simulation.run import Happened, History
from smtppool.policy.health.decision import Refusal

SHOWN_MEMBERS = 12


def print_history(console: Console, history: History, *, rows: int = 48) -> None:
    """At most about `rows` moments at rest; a moment at which something was done is never left out."""
    if not history.samples:
        console.print("nothing happened: the run is shorter than its first sample")
        return
    names = list(history.samples[0].members)
    done = {found.at for found in history.happened}
    every = max(1, -(-len(history.samples) // rows))
    table = Table(box=None, header_style="dim")
    for column in ("TIME", *map(escape, names[:SHOWN_MEMBERS])):
        table.add_column(column, no_wrap=True)
    for place, sample in enumerate(history.samples):
        if place % every == 0 or sample.at in done:
            cells = (_cell(*sample.members[name]) for name in names[:SHOWN_MEMBERS])
            table.add_row(clock(sample.at), *cells)
    console.print(table)
    if len(names) > SHOWN_MEMBERS:
        console.print(f"{len(names) - SHOWN_MEMBERS} further members are not shown")
    _print_happened(console, history.happened)


def clock(at: timedelta) -> str:
    """`2d 03:04:05`, the days only after the first."""
    hours, rest = divmod(at.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    days = f"{at.days}d " if at.days else ""
    return f"{days}{hours:02}:{minutes:02}:{seconds:02}"


def _print_happened(console: Console, happened: list[Happened]) -> None:
    if not happened:
        console.print("\nno actions")
        return
    table = Table(box=None, header_style="dim")
    for column in ("TIME", "ACTION", "MEMBER", "REASON", "MESSAGE"):
        table.add_column(column, no_wrap=column != "MESSAGE")
    for found in happened:
        what = found.what
        action, reason = ("not cut", what.rule) if isinstance(what, Refusal) else (what.kind, what.reason)
        table.add_row(*map(escape, (clock(found.at), action, str(what.subject), reason, what.message)))
    console.print("")
    console.print(table)


def _cell(score: int | None, standing: str, share: float) -> str:
    told = "-" if score is None else str(score)
    return f"{told:>3} {standing}" if share in {0, 1} else f"{told:>3} {standing} {share:.0%}"
