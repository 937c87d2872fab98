"""What the decision may look at: counted outcomes by provider and window, and signals from outside.

An input that does not exist yet is None: it is not evaluated, which is neither good nor bad.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

BURST: Final = timedelta(seconds=15)
"""Optional fourth window. In a window of a minute the good mail before a fault hides it for some seconds longer."""
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)

LIST_QUALITY: Final = frozenset({"InvalidRecipient", "InactiveMailbox", "BadDomain", "QuotaIssues"})
"""Bounce classes (names of the IANA-based set of KumoMTA) that tell of a list of recipients, not of the relay."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Recipients by outcome in one window; `deferred` counts attempts, as each retry may be deferred again."""

    delivered: int = 0
    deferred: int = 0
    bounced: Mapping[str, int] = field(
        default_factory=dict
    )  # by bounce class; an unknown class is charged to the relay
    responses: int = 0  # attempts whose response time is known
    response_seconds: float = 0.0  # their sum of Postfix' c + d: connect, TLS, EHLO, transmission
    tls: int | None = None  # attempts over TLS; told, no part of the score

    list_quality: int = field(init=False)  # bounces that are the list's
    charged: int = field(init=False)  # bounces that are the relay's: every other class
    judged: int = field(init=False)  # the base of the bounce rate: the receiver said something of the relay
    attempts: int = field(init=False)  # all outcomes: the base of the deferral rate

    def __post_init__(self) -> None:
        """Counted once, as every look asks for them many times."""
        list_quality = sum(count for name, count in self.bounced.items() if name in LIST_QUALITY)
        charged = sum(self.bounced.values()) - list_quality
        object.__setattr__(self, "list_quality", list_quality)
        object.__setattr__(self, "charged", charged)
        object.__setattr__(self, "judged", self.delivered + charged)
        object.__setattr__(self, "attempts", self.delivered + charged + list_quality + self.deferred)


class Window(NamedTuple):
    """The counts of the last `length`."""

    length: timedelta
    counts: Counts

    @property
    def name(self) -> str:
        """`15 s`, `1 min`, `24 h`."""
        seconds = round(self.length.total_seconds())
        if seconds % 3600 == 0:
            return f"{seconds // 3600} h"
        return f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"


Windows = tuple[Window, ...]  # shortest first


class Complaint(NamedTuple):
    """Share of complaints (0..1). `samples` None: the provider's own figure, taken as it stands."""

    rate: float
    source: str
    samples: int | None = None
    provider: str | None = None  # None: the whole relay


class ExternalSignal(NamedTuple):
    """Somebody else's judgement, 0-100. It may lower a score and never raises one."""

    value: float
    source: str
    seen_at: datetime
    ttl: timedelta
    provider: str | None = None  # None: the whole relay

    def holds(self, now: datetime) -> bool:
        """Not outlived. One from the future (a clock that jumped) holds, but not for longer than its TTL."""
        return abs(now - self.seen_at) <= self.ttl


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One member as the pool sees it. `barred`: why it is out of traffic whatever its health (safety, user's word).

    `wished_out`: its user does not want it in the traffic. `leaving`: it is emptied because its node is cordoned, and
    the pool calls it back when it needs it. Not `alive`: whatever its weight, it takes no mail now.
    """

    name: str
    providers: Mapping[str, Windows] | None = None
    uptime: float | None = None  # share of the time in which it was ready and took mail, 0..1
    signals: tuple[ExternalSignal, ...] | None = None
    complaints: tuple[Complaint, ...] | None = None
    serious_listings: tuple[str, ...] | None = None  # zones
    ptr_matches: bool | None = None
    barred: str | None = None
    wished_out: bool = False
    leaving: bool = False
    alive: bool = True

    @property
    def usable(self) -> bool:
        """Nothing but its health can keep it from taking mail."""
        return self.barred is None and self.alive


def total(counts: Iterable[Counts]) -> Counts:
    """Sum; `tls` is unknown as soon as it is for one."""
    delivered, deferred, responses, seconds = 0, 0, 0, 0.0
    bounced: dict[str, int] = {}
    tls: int | None = 0
    for item in counts:
        delivered, deferred = delivered + item.delivered, deferred + item.deferred
        responses, seconds = responses + item.responses, seconds + item.response_seconds
        tls = None if tls is None or item.tls is None else tls + item.tls
        for name, count in item.bounced.items():
            bounced[name] = bounced.get(name, 0) + count
    return Counts(
        delivered=delivered, deferred=deferred, bounced=bounced,
        responses=responses, response_seconds=seconds, tls=tls,
    )  # fmt: skip


def roll_up(providers: Iterable[Windows]) -> Windows:
    """One set of windows over several providers."""
    by_length: dict[timedelta, list[Counts]] = {}
    for windows in providers:
        for window in windows:
            by_length.setdefault(window.length, []).append(window.counts)
    return tuple(Window(length, total(by_length[length])) for length in sorted(by_length))
