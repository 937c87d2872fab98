"""What became of recipients, counted by mailbox provider and sliding window, and where that leaves a relay."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from smtppool.api.base import Label, Observed

MAX_PROVIDERS = 64  # in a report; what is beyond is counted under OTHER
OTHER = "other"  # provider of hosts and domains that no profile names

Count = Annotated[int, Field(ge=0, le=10**12)]
BounceClass = Annotated[str, Field(pattern=r"^[A-Z][A-Za-z]{0,31}$", max_length=32)]


class WindowName(StrEnum):
    """Length of a sliding window that ends now."""

    BURST = "15s"
    MINUTE = "1m"
    HOUR = "1h"
    DAY = "24h"


class WindowCounts(Observed):
    """Recipients by outcome, each counted once per message; `deferred` and `tls` count attempts."""

    delivered: Count = 0
    deferred: Count = 0
    bounced: Annotated[dict[BounceClass, Count], Field(max_length=32)] = Field(default_factory=dict)
    responses: Count = 0  # attempts whose response time is known
    response_ms: Count = 0  # their sum: connect, TLS, EHLO and transmission
    tls: Count = 0


class ProviderOutcomes(Observed):
    """One provider's windows; a window without any count is left out."""

    provider: Label
    windows: Annotated[dict[WindowName, WindowCounts], Field(max_length=len(WindowName))] = Field(default_factory=dict)


Outcomes = Annotated[tuple[ProviderOutcomes, ...], Field(max_length=MAX_PROVIDERS)]  # sorted by provider


class Standing(StrEnum):
    """Of a relay, or of a relay at one provider: full weight, none, or a small one."""

    ACTIVE = "Active"
    OUT = "Out"
    PROBATION = "Probation"
