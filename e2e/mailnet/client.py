"""Mailnet as the tests see it: scripts its providers and reads its record by running `mailnetctl` in its container.

How a program is run there (docker exec, kubectl exec) is the caller's affair. A record with losses is an error here,
never a smaller number.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NewType, cast

from e2e.mailnet.events import Event, Outcome

Source = NewType("Source", str)  # the address that a connection came from
Provider = NewType("Provider", str)  # a name from the table of providers
Rule = Mapping[str, object]


class IncompleteRecordError(Exception):
    """The record overflowed; no count from it may be trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which events a count or a listing is about; by default every outcome since the last clear."""

    since: float | None = None  # wall clock
    after: int | None = None  # sequence number
    message_id_prefix: str | None = None
    provider: str | None = None
    source: str | None = None
    outcome: Outcome | None = None

    def arguments(self) -> list[str]:
        """As mailnetctl takes them."""
        stated = {
            "--since": self.since, "--after": self.after, "--message-id-prefix": self.message_id_prefix,
            "--provider": self.provider, "--source": self.source, "--outcome": self.outcome,
        }  # fmt: skip
        return [word for option, value in stated.items() if value is not None for word in (option, str(value))]


ACCEPTED = Selection(outcome=Outcome.ACCEPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Outcomes by group; `total - distinct` of the accepted ones are duplicates."""

    groups: Mapping[tuple[str, ...], int]
    total: int
    distinct: int


class Mailnet:
    """`run` executes an argument vector inside the container, returns its stdout and raises if it fails."""

    def __init__(self, run: Callable[[list[str]], str]) -> None:
        self._run = run

    def set(self, provider: str, rules: Iterable[Rule]) -> None:
        """Replace a provider's rules; see the README for their form."""
        self._ask("set", provider, json.dumps({"behaviour": list(rules)}))

    def reset(self) -> None:
        """Every provider accepts, and the echo tells the truth."""
        self._ask("reset")

    def clear(self) -> int:
        """Forget the record; returns how many events it held."""
        return int(self._ask("clear")["cleared"])

    def echo(self, script: Mapping[str, object]) -> Mapping[str, Any]:
        """Script the address echo: `{}` is the truth. Returns its state, with how often each source asked."""
        return self._ask("echo", json.dumps(dict(script)))

    def status(self, *, wait: float = 0.0) -> Mapping[str, Any]:
        """Providers with their connections by source, the echo, the size of the record; may await mailnet's start."""
        return self._ask("status", "--wait", str(wait))

    def counts(self, by: Iterable[str], selection: Selection = ACCEPTED) -> Counts:
        """Count outcomes by fields such as source, provider, domain, outcome, code, helo."""
        answer = self._ask("counts", "--by", ",".join(by), *selection.arguments())
        if answer["lost"]:
            raise IncompleteRecordError(f"{answer['lost']} events did not fit into the record")
        fields = cast("list[str]", answer["by"])
        groups = {tuple(str(group[field]) for field in fields): int(group["count"]) for group in answer["groups"]}
        return Counts(groups=groups, total=int(answer["total"]), distinct=int(answer["distinct"]))

    def counts_by_source_and_provider(self, selection: Selection = ACCEPTED) -> dict[Source, dict[Provider, int]]:
        """How many messages each provider got from each address."""
        table: dict[Source, dict[Provider, int]] = {}
        for (source, provider), count in self.counts(("source", "provider"), selection).groups.items():
            table.setdefault(Source(source), {})[Provider(provider)] = count
        return table

    def origin(self, event: Event) -> Source:
        """The address that an event counts under in `counts_by_source_and_provider`."""
        return Source(event.source)

    def records(self, selection: Selection = ACCEPTED) -> list[Event]:
        """The events themselves, oldest first."""
        lines = self._run(["mailnetctl", "records", *selection.arguments()]).splitlines()
        return [_event(json.loads(line)) for line in lines]

    def message_ids(self, selection: Selection = ACCEPTED) -> list[str]:
        """Only the message ids, with duplicates: quick for a large record."""
        lines = self._run(["mailnetctl", "records", "--fields", "message_id", *selection.arguments()]).splitlines()
        return [json.loads(line)["message_id"] for line in lines]

    def _ask(self, *arguments: str) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(self._run(["mailnetctl", *arguments])))


def _event(row: dict[str, Any]) -> Event:
    return Event(**{**row, "outcome": Outcome(row["outcome"])})
