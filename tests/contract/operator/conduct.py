"""How one simulated relay behaves: what a test bends."""

from dataclasses import dataclass, field

from smtppool.api.documents import QueueDepth
from smtppool.api.outcomes import Outcomes


@dataclass
class Conduct:
    """How one relay behaves."""

    starts: bool = True  # a pod that runs already goes on
    nodes: tuple[str, ...] = ()  # its pods get the first of these that takes pods
    ends: bool = True  # else its node is dead: nobody says that a deleted pod has ended
    reports: bool = True
    seen: str | None = None  # the address that the check sees; None: the expected one
    error: str | None = None
    queue: QueueDepth = field(default_factory=QueueDepth)
    sessions: int = 0
    entry_sessions: int = 0  # among them
    outcomes: Outcomes = ()
    down: tuple[str, ...] = ()  # members to which it cannot connect
    obeys_intake: bool = True
    sandbox: int = 0  # counted up: the pod keeps its uid and gets another address
