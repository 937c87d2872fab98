"""`<pool>-health`: what the health decision remembers across a restart of the operator, and what the routing follows.

Only members that were cut are in it, and since when all members are bad alike. Streaks of looks are not: they begin
anew, which delays a cut by minutes at most.
"""

from typing import Annotated

from pydantic import Field

from smtppool.api.base import Label, Observed, Timestamp
from smtppool.api.outcomes import MAX_PROVIDERS, Standing
from smtppool.api.smtppool import MAX_SERVERS

MAX_FREEZES = 64

Message = Annotated[str, Field(max_length=512)]
Reason = Annotated[str, Field(pattern=r"^[A-Za-z]{0,64}$", max_length=64)]


class TrackRecord(Observed):
    """Where a relay stands, or a relay at one provider; `cuts` in a row, each doubles the pause."""

    standing: Standing
    since: Timestamp
    judged_from: Timestamp | None = None  # evidence from before is no longer looked at
    serving_since: Timestamp | None = None  # on probation: since when it could take mail without a break
    cuts: Annotated[int, Field(ge=0, le=1000)] = 0
    reason: Reason = ""
    message: Message = ""


class ServerRecord(Observed):
    """One member; without `relay` it was only cut at providers."""

    relay: TrackRecord | None = None
    providers: Annotated[dict[Label, TrackRecord], Field(max_length=MAX_PROVIDERS)] = Field(default_factory=dict)


class FreezeRecord(Observed):
    """Since when all members show this `cause`, at one provider or as a whole: for a time nobody is cut for it."""

    provider: Label | None = None
    cause: Reason
    since: Timestamp


class HealthRecord(Observed):
    """The document. `acted_at`: the last action, on the server `acted_on`."""

    version: Annotated[int, Field(ge=1, le=1)] = 1
    servers: Annotated[dict[Label, ServerRecord], Field(max_length=MAX_SERVERS)] = Field(default_factory=dict)
    acted_at: Timestamp | None = None
    acted_on: Label | None = None
    frozen: Annotated[tuple[FreezeRecord, ...], Field(max_length=MAX_FREEZES)] = ()
