"""The log of a relay's agent as a recorded day: delivery events, counted as the agent does (`agent/ledger.py`).

A fate counts once, a deferral for each attempt. Handovers to peers, mail with an empty sender and what was put off
untried count for nothing. An expiry names no provider, so mail that was given up that way is left out.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from smtppool.api.names import HANDOVER_LANE
from smtppool.render.postfix_main import BOUNCE_LANE

DELIVERY: Final = '"event": "delivery"'  # as the agent writes it
_OTHERS: Final = (f"postfix/{HANDOVER_LANE}/", f"postfix/{BOUNCE_LANE}/")

Row = Mapping[str, Any]


def are_in(text: str) -> bool:
    """Whether this is such a log."""
    return DELIVERY in text


def rows(text: str) -> Iterator[tuple[int, Row]]:
    """Rows of a recording with their line numbers; every other line of the log is skipped."""
    for number, line in enumerate(text.splitlines(), start=1):
        event = _event(line) if DELIVERY in line else None
        outcome = _outcome(event) if event is not None else None
        if event is not None and outcome is not None:
            yield number, _row(event, outcome)


def _event(line: str) -> dict[str, Any] | None:
    """None for half a line, and for a message of the agent that quotes an event."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and event.get("event") == "delivery" else None


def _outcome(event: Row) -> str | None:
    """As a recording names it; None for what counts for nothing."""
    if str(event.get("lane")).startswith(_OTHERS):
        return None
    if event.get("outcome") is True:
        return "delivered" if event.get("status") == "sent" else "bounced"
    return "deferred" if event.get("status") == "deferred" and event.get("attempt") is True else None


def _row(event: Row, outcome: str) -> Row:
    answered = event.get("attempt") is True and event.get("relayAddress") is not None
    named = {name: event[name] for name in ("time", "server", "provider", "class") if name in event}
    return named | {"outcome": outcome, "response_seconds": event.get("responseSeconds") if answered else None}
