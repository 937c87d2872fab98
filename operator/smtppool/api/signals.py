"""What others say of a relay: a feedback loop, a reputation service, a person. It may only lower a score."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from smtppool.api.base import Duration, Label, Model, Score

MAX_SIGNALS = 16
_TIME = "must be a time in UTC such as 2026-01-05T12:00:00Z"


def _moment(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(_TIME) from error
    return text


SignalSource = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$", max_length=63)]
Moment = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
        max_length=20,
        description="Time in UTC such as 2026-01-05T12:00:00Z.",
        json_schema_extra={"format": "date-time"},
    ),
    AfterValidator(_moment),
]


class ExternalSignal(Model):
    """A judgement from outside, 0 (bad) to 100. It counts for `ttl` from `seenAt` on, and then no more."""

    source: SignalSource
    value: Score
    seen_at: Moment
    ttl: Duration
    provider: Label | None = None  # None: the whole relay


ExternalSignals = Annotated[
    tuple[ExternalSignal, ...],
    Field(
        max_length=MAX_SIGNALS,
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["source"]},
    ),
]
