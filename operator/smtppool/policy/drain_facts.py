"""What a drain may look at, and who may ask for one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from smtppool.api.documents import Lanes
from smtppool.api.pool_health import HealthAction
from smtppool.api.smtpserver import DesiredState
from smtppool.policy.emptiness import QueueFacts
from smtppool.policy.verdict import Verdict


class AskedBy(StrEnum):
    """Who wants the server to be empty."""

    USER = "User"
    DELETION = "Deletion"
    HEALTH = "Health"
    NODE = "Node"


class Asked(NamedTuple):
    """`release`: no pod once it is empty. A deletion has steps of its own for that (`lifecycle.py`).

    `stuck`: it would get a pod elsewhere if it could; why it cannot. `unwell`: its health asks too, less strongly.
    """

    by: AskedBy
    release: bool
    stuck: str = ""
    unwell: bool = False


class OnCordoned(NamedTuple):
    """Its pod runs on a cordoned node: it is to leave it (`leaves`), or stays in traffic for a reason."""

    node: str
    leaves: bool
    stuck: str = ""  # why no other node can run it; "" if one can
    stays: Verdict | None = None


class Giving(NamedTuple):
    """A member that hands the mail of these providers to its peers."""

    name: str
    providers: tuple[str, ...]


PATIENCE = timedelta(minutes=5)  # for peers to take a queue; 2,000 messages take some seconds


@dataclass(frozen=True, kw_only=True)
class DrainFacts:
    """All that the decision may look at."""

    asked: Asked | None
    cordoned: OnCordoned | None
    observe: bool  # the pool only observes: nothing begins, what has begun goes on
    begun: bool  # the grant in force has closed the intake
    released: bool  # it was proven empty and has no pod since
    entry: bool  # its pod carries the entry label: no other one is there to answer clients
    in_rotation: bool  # the routing in force sends it connections
    lanes: Lanes  # what its own address allows
    peers: tuple[str, ...]  # members that take its mail, by the routing in force
    giving: tuple[Giving, ...]  # members in traffic that take none, as they give a provider's mail away
    queue: QueueFacts
    since: datetime | None  # since when it is known to be emptied
    now: datetime

    @property
    def known_since(self) -> datetime:
        """Now, if nobody has written it down yet, or what is written lies ahead."""
        return min(self.since or self.now, self.now)

    @property
    def stretch(self) -> int:
        """How often the patience has run out. From times that the status keeps, so a restart changes no turn."""
        return max(0, (self.now - self.known_since) // PATIENCE)

    @property
    def stretch_ends(self) -> datetime:
        """When it runs out next."""
        return self.known_since + (self.stretch + 1) * PATIENCE

    @property
    def sessions(self) -> int:
        """Open SMTP sessions, as the present pod reports them."""
        report = self.queue.own_report
        return report.sessions if report is not None else 0


def who_asks(
    *, deleted: bool, desired: DesiredState, health: HealthAction | None, cordoned: OnCordoned | None
) -> Asked | None:
    """The strongest wish: a deletion is for good, the user knows more than the figures do.

    A cordoned node is left with or without health; what health wants is asked again where the relay runs then.
    """
    unwell = health in {HealthAction.HAND_OVER, HealthAction.SCALE_DOWN}
    if deleted:
        return Asked(AskedBy.DELETION, release=False)
    if desired is DesiredState.DRAINED:
        return Asked(AskedBy.USER, release=True)
    if cordoned is not None and cordoned.leaves:
        return Asked(AskedBy.NODE, release=not cordoned.stuck, stuck=cordoned.stuck, unwell=unwell)
    if unwell:
        return Asked(AskedBy.HEALTH, release=health is HealthAction.SCALE_DOWN, unwell=True)
    return None
