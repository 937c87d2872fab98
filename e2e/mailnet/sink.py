"""One provider's receiving side: its behaviour in force, its connections, and where its outcomes are recorded."""

import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from e2e.mailnet.behaviour import Attempt, Behaviour, Verdict
from e2e.mailnet.events import EventLog
from e2e.mailnet.providers import ANY, BY_DOMAIN, PROVIDERS, Provider
from e2e.mailnet.script import Rule, Stage


class Connections(NamedTuple):
    """What one source did to one provider since the last clear, and how many connections are open now."""

    opened: int
    open: int
    peak: int


class Sink:
    """The state that all sessions of one provider share."""

    def __init__(self, *, provider: Provider, log: EventLog, clock: Callable[[], float] = time.monotonic) -> None:
        self.provider = provider
        self.log = log
        self._clock = clock
        self.behaviour = self._behave(())
        self._opened: Counter[str] = Counter()
        self._open: Counter[str] = Counter()
        self._peak: Counter[str] = Counter()

    def set(self, rules: tuple[Rule, ...]) -> None:
        """Put new rules in force, also for sessions that are under way; their memory starts empty."""
        self.behaviour = self._behave(rules)

    def judge(self, stage: Stage, attempt: Attempt) -> Verdict:
        """What the rules say to this step."""
        return self.behaviour.judge(stage, attempt)

    def opened(self, source: str) -> None:
        """A connection from this source was accepted."""
        self._opened[source] += 1
        self._open[source] += 1
        self._peak[source] = max(self._peak[source], self._open[source])

    def closed(self, source: str) -> None:
        """A connection from this source ended."""
        self._open[source] -= 1

    def connections(self) -> dict[str, Connections]:
        """By source address."""
        sources = sorted(self._opened.keys() | +self._open)
        return {source: Connections(self._opened[source], self._open[source], self._peak[source]) for source in sources}

    def clear(self) -> None:
        """Start counting connections again from those that are open."""
        self._opened.clear()
        self._peak = +self._open

    def _behave(self, rules: tuple[Rule, ...]) -> Behaviour:
        return Behaviour(provider=self.provider.name, rules=rules, clock=self._clock)


class Sinks:
    """All providers of this mailnet; they share one record."""

    def __init__(self, log: EventLog, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.log = log
        self.by_name = {provider.name: Sink(provider=provider, log=log, clock=clock) for provider in (*PROVIDERS, ANY)}

    def hosting(self, domain: str) -> Sink | None:
        """The sink that takes mail for a domain."""
        provider = BY_DOMAIN.get(domain)
        return self.by_name[provider.name] if provider else None
