"""Shares of messages per egress address, as counted at the sinks, beside the stated weights."""

from collections.abc import Mapping
from typing import NamedTuple

from rich import box
from rich.table import Table

from e2e.mailnet.client import Mailnet, Selection
from e2e.mailnet.events import Outcome


class Share(NamedTuple):
    """One address: messages, their share, and the share that its weight states (0 to 1)."""

    address: str
    messages: int
    share: float
    stated: float

    @property
    def off(self) -> float:
        """Distance in percentage points."""
        return abs(self.share - self.stated) * 100


def counted(mailnet: Mailnet, *, prefix: str) -> dict[str, dict[str, int]]:
    """Accepted messages of one run: address -> provider -> messages."""
    selection = Selection(message_id_prefix=prefix, outcome=Outcome.ACCEPTED)
    table = mailnet.counts_by_source_and_provider(selection)
    return {str(source): {str(p): n for p, n in row.items()} for source, row in table.items()}


def shares(counts: Mapping[str, Mapping[str, int]], stated: Mapping[str, float]) -> list[Share]:
    """One row per stated address, then one per address that nobody stated (share stated: 0)."""
    total = sum(sum(row.values()) for row in counts.values())
    addresses = [*stated, *sorted(set(counts) - set(stated))]
    sent = {address: sum(counts.get(address, {}).values()) for address in addresses}
    return [Share(a, sent[a], sent[a] / total if total else 0.0, stated.get(a, 0.0)) for a in addresses]


def strangers(counts: Mapping[str, Mapping[str, int]], stated: Mapping[str, float]) -> dict[str, int]:
    """Messages by address that nobody stated: however few they are, they are wrong."""
    return {address: sum(counts[address].values()) for address in sorted(set(counts) - set(stated))}


def table(counts: Mapping[str, Mapping[str, int]], stated: Mapping[str, float], *, title: str) -> Table:
    """Messages per address and provider, with the counted and the stated share."""
    providers = sorted({provider for row in counts.values() for provider in row})
    view = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    view.add_column("source address", no_wrap=True)
    for name in (*providers, "messages", "share", "stated"):
        view.add_column(name, justify="right", overflow="fold", no_wrap=name in {"messages", "share", "stated"})
    for row in shares(counts, stated):
        cells = [str(counts.get(row.address, {}).get(provider, 0)) for provider in providers]
        view.add_row(row.address, *cells, str(row.messages), f"{row.share:.2%}", f"{row.stated:.2%}")
    return view
