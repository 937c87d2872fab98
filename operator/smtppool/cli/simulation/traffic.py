"""Generated outcomes: how much mail goes where, and what receivers say to it. The same seed gives the same day.

Retries of deferred mail are not modelled: a deferral is counted once. What comes in is a Poisson stream, so every
outcome of it is one too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from math import cos, exp, pi, sqrt
from random import Random
from typing import Final, NamedTuple

from smtppool.api.outcomes import OTHER
from smtppool.policy.health.counters import Counts
from smtppool.policy.health.examine import Subject

MIX: Final = {"google": 0.45, "microsoft": 0.25, "yahoo": 0.15, OTHER: 0.15}
"""Shares of the mail by provider, each one that reports may name; own choice of a consumer list."""


class Rates(NamedTuple):
    """Shares of the attempts, 0..1, and seconds of response time."""

    charged: float = 0.003
    list_quality: float = 0.01
    deferred: float = 0.03
    response_seconds: float = 1.2


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """`load`: part of the stated rate at a moment. `rates`: what (member, provider) meets at that moment."""

    load: Callable[[timedelta], float]
    rates: Callable[[timedelta, Subject], Rates]
    duration: timedelta
    faulty: str | None = None
    fault_at: timedelta | None = None


class Generated:
    """Source of outcomes that follows the shares which the policy has in force."""

    def __init__(self, scenario: Scenario, *, rate: float, step: timedelta, seed: int) -> None:
        """`rate`: messages a second of the whole pool at full load."""
        self._scenario, self._rate, self._step = scenario, rate, step
        self._random = Random(f"{seed}/outcomes")  # noqa: S311 - a simulation, no secret

    def outcomes(self, at: timedelta, shares: Mapping[Subject, float]) -> dict[Subject, Counts]:
        """One step's outcomes; each provider's mail is split by the shares of the members that take it."""
        total: dict[str, float] = {}
        for subject, share in shares.items():
            total[subject.provider or ""] = total.get(subject.provider or "", 0.0) + share
        mail = self._rate * self._scenario.load(at) * self._step.total_seconds()
        found = {}
        for subject, share in shares.items():
            part = MIX[subject.provider or ""] * share / total[subject.provider or ""] if share else 0.0
            found[subject] = self._drawn(mail * part, self._scenario.rates(at, subject))
        return found

    def _drawn(self, mean: float, rates: Rates) -> Counts:
        if mean <= 0:
            return Counts()
        draw = self._random
        bounced = {"SpamBlock": poisson(draw, mean * rates.charged)}
        for name, part in (("InvalidRecipient", 0.7), ("InactiveMailbox", 0.15), ("BadDomain", 0.1)):
            bounced[name] = poisson(draw, mean * rates.list_quality * part)
        bounced["QuotaIssues"] = poisson(draw, mean * rates.list_quality * 0.05)
        deferred = poisson(draw, mean * rates.deferred)
        delivered = poisson(draw, mean * max(0.0, 1 - rates.charged - rates.list_quality - rates.deferred))
        responses = delivered + deferred
        return Counts(
            delivered=delivered,
            deferred=deferred,
            bounced={name: count for name, count in bounced.items() if count},
            responses=responses,
            response_seconds=responses * rates.response_seconds,
        )


def poisson(random: Random, mean: float) -> int:
    """A count with that mean; from 30 on by the normal approximation."""
    if mean >= 30:
        return max(0, round(random.gauss(mean, sqrt(mean))))
    limit, product, count = exp(-mean), random.random(), 0
    while product > limit:
        product *= random.random()
        count += 1
    return count


def healthy(days: float, seed: int) -> Scenario:
    """Working days with noise: rates that wander by the hour, a provider in trouble, and a list purge each day."""
    hour, trouble, purge = _noise(seed), _troubles(seed), _purges(seed)

    def rates(at: timedelta, subject: Subject) -> Rates:
        charged, listed, deferred, response = hour(at // timedelta(hours=1), subject.provider or "", subject.server)
        start, provider, worst = trouble(at.days)
        if provider == subject.provider and timedelta() <= at - start < timedelta(minutes=10):
            deferred, response = worst, response * 5
        begins, share = purge(at.days)
        if timedelta() <= at - begins < timedelta(hours=2):
            listed = (1 - share) * listed + share * 0.1
        return Rates(charged, listed, deferred, response)

    return Scenario(load=_day_curve, rates=rates, duration=timedelta(days=days))


def fault(name: str, *, share: float, provider: str | None, fault_at: timedelta, duration: timedelta) -> Scenario:
    """Constant load; from `fault_at` on the member `name` gets that share of 5xx, at one provider or at all."""

    def rates(at: timedelta, subject: Subject) -> Rates:
        hit = subject.server == name and at >= fault_at and provider in {None, subject.provider}
        return Rates(charged=share) if hit else Rates()

    return Scenario(load=lambda _: 1.0, rates=rates, duration=duration, faulty=name, fault_at=fault_at)


def _day_curve(at: timedelta) -> float:
    """0.1 of the load at 02:00, all of it at 14:00."""
    hours = at / timedelta(hours=1)
    return 0.55 - 0.45 * cos(2 * pi * (hours - 2) / 24)


def _noise(seed: int) -> Callable[[int, str, str], tuple[float, float, float, float]]:
    """Rates of an hour. The caps are what "healthy" means: without them the tail of the noise would be a bad relay."""

    @lru_cache(maxsize=4096)
    def drawn(hour: int, provider: str, server: str) -> tuple[float, float, float, float]:
        common = Random(f"{seed}/{hour}/{provider}")  # noqa: S311
        own = Random(f"{seed}/{hour}/{provider}/{server}")  # noqa: S311
        typical = Rates()
        return (
            min(0.012, typical.charged * common.lognormvariate(0, 0.5) * own.lognormvariate(0, 0.2)),
            min(0.03, typical.list_quality * common.lognormvariate(0, 0.5)),
            min(0.20, typical.deferred * common.lognormvariate(0, 0.7)),
            typical.response_seconds * own.lognormvariate(0, 0.3),
        )

    return drawn


def _troubles(seed: int) -> Callable[[int], tuple[timedelta, str, float]]:
    """Ten minutes a day in which one provider defers 30-70 % of everybody's mail and answers slowly."""

    @lru_cache(maxsize=64)
    def drawn(day: int) -> tuple[timedelta, str, float]:
        random = Random(f"{seed}/trouble/{day}")  # noqa: S311
        start = timedelta(days=day, seconds=random.randrange(85_000))
        return start, random.choice(sorted(MIX)), random.uniform(0.3, 0.7)

    return drawn


def _purges(seed: int) -> Callable[[int], tuple[timedelta, float]]:
    """Two hours a day in which a tenant with 20-60 % of the mail has a list with 10 % invalid recipients."""

    @lru_cache(maxsize=64)
    def drawn(day: int) -> tuple[timedelta, float]:
        random = Random(f"{seed}/purge/{day}")  # noqa: S311
        return timedelta(days=day, hours=random.randrange(6, 21)), random.uniform(0.2, 0.6)

    return drawn
