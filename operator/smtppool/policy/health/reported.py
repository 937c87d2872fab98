"""An agent's counts, as the decision takes them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from smtppool.api.outcomes import Outcomes, WindowCounts, WindowName
from smtppool.policy.health.counters import BURST, DAY, HOUR, MINUTE, Counts, Window, Windows

LENGTHS: Final[Mapping[WindowName, timedelta]] = {
    WindowName.BURST: BURST,
    WindowName.MINUTE: MINUTE,
    WindowName.HOUR: HOUR,
    WindowName.DAY: DAY,
}


def windows_of(outcomes: Outcomes) -> dict[str, Windows]:
    """Provider -> its windows, shortest first."""
    return {
        one.provider: tuple(
            Window(length, _counts(one.windows[name])) for name, length in LENGTHS.items() if name in one.windows
        )
        for one in outcomes
    }


def _counts(counted: WindowCounts) -> Counts:
    return Counts(
        delivered=counted.delivered,
        deferred=counted.deferred,
        bounced=counted.bounced,
        responses=counted.responses,
        response_seconds=counted.response_ms / 1000,
        tls=counted.tls,
    )
