"""Observations of an ordinary minute, for tests to bend: `observation(google=windows(bad))`."""

from datetime import UTC, datetime, timedelta
from typing import Any

from smtppool.api.pool_health import Health
from smtppool.api.smtppool import Availability, Mode
from smtppool.policy.health.counters import DAY, HOUR, MINUTE, Counts, Observation, Window, Windows
from smtppool.policy.health.settings import Settings

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def settings(
    *, min_available: int = 1, max_unavailable: str = "100%", observe: bool = False, **health: Any
) -> Settings:
    """The defaults of the kind, but with room for cuts."""
    # Unchecked: the decision spares the last member also where the API server would refuse the rule.
    availability = Availability.model_construct(min_available=min_available, max_unavailable=max_unavailable)
    return Settings.of(Health(**health), availability, Mode.OBSERVE if observe else Mode.ENFORCE)


def counts(
    delivered: int = 1000, charged: int = 0, *, listed: int = 0, deferred: int = 0, seconds: float = 1.0
) -> Counts:
    """Outcomes of one provider; `seconds`: mean response time."""
    bounced = {name: count for name, count in {"SpamBlock": charged, "InvalidRecipient": listed}.items() if count}
    return Counts(
        delivered=delivered,
        deferred=deferred,
        bounced=bounced,
        responses=delivered + deferred,
        response_seconds=seconds * (delivered + deferred),
    )


GOOD = counts(3000, 3)
BAD = counts(800, 200)  # 20 %: proven at once
POOR = counts(955, 45)  # 4.5 %: likely past the limit, not proven by one look


def windows(minute: Counts, hour: Counts | None = None, day: Counts | None = None) -> Windows:
    """A longer window has what the shorter one has, unless stated."""
    hour = minute if hour is None else hour
    return Window(MINUTE, minute), Window(HOUR, hour), Window(DAY, hour if day is None else day)


def observation(name: str = "mx1", *, counted: Counts | None = GOOD, **fields: Any) -> Observation:
    """A member that is up and sends to two providers with the same result; None: no mail at all."""
    providers = {} if counted is None else {name: windows(counted) for name in ("google", "yahoo")}
    known: dict[str, Any] = {"name": name, "providers": providers, "uptime": 1.0}
    return Observation(**(known | fields))


def minutes(number: float) -> timedelta:
    """For moments after NOW."""
    return timedelta(minutes=number)
