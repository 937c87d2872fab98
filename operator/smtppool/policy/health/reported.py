"""An agent's counts and the signals of a spec, as the decision takes them."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from smtppool.api import signals
from smtppool.api.outcomes import OTHER, Outcomes, WindowCounts, WindowName
from smtppool.api.units import parse_duration
from smtppool.policy import profiles
from smtppool.policy.health.counters import BURST, DAY, HOUR, MINUTE, Counts, ExternalSignal, Window, Windows, roll_up

LENGTHS: Final[Mapping[WindowName, timedelta]] = {
    WindowName.BURST: BURST,
    WindowName.MINUTE: MINUTE,
    WindowName.HOUR: HOUR,
    WindowName.DAY: DAY,
}


def windows_of(outcomes: Outcomes) -> dict[str, Windows]:
    """Provider -> its windows, shortest first."""
    named: dict[str, list[Windows]] = {}
    for one in outcomes:
        windows = (
            Window(length, _counts(one.windows[name])) for name, length in LENGTHS.items() if name in one.windows
        )
        named.setdefault(judged_as(one.provider), []).append(tuple(windows))
    return {name: found[0] if len(found) == 1 else roll_up(found) for name, found in named.items()}


def judged_as(provider: str) -> str:
    """Its name, or OTHER for one that no profile has: a relay that is not to be trusted could else name new ones for
    ever."""
    return provider if provider in profiles.NAMES else OTHER


def signals_of(stated: Iterable[signals.ExternalSignal]) -> tuple[ExternalSignal, ...]:
    """What others say, as stated in a spec that was accepted."""
    return tuple(
        ExternalSignal(
            value=one.value,
            source=one.source,
            seen_at=datetime.fromisoformat(one.seen_at),
            ttl=parse_duration(one.ttl),
            provider=one.provider,
        )
        for one in stated
    )


def _counts(counted: WindowCounts) -> Counts:
    return Counts(
        delivered=counted.delivered,
        deferred=counted.deferred,
        bounced=counted.bounced,
        responses=counted.responses,
        response_seconds=counted.response_ms / 1000,
        tls=counted.tls,
    )
