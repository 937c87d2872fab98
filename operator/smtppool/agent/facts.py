"""What the agent knows now: one immutable record, one board that tasks write to and wait on.

Each field has one writer. A task that wakes compares what it needs with what it did last; waking too often is cheap,
a lost wake-up is impossible because the board counts versions.
"""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

from smtppool.api.documents import EgressObservation, Grant, Intake, Lanes, QueueDepth, Routing
from smtppool.api.outcomes import Outcomes


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that more than one task looks at. Times are wall-clock seconds."""

    routing: Routing | None = None
    routing_hash: str | None = None
    routing_at: float | None = None  # when the API server last confirmed it, also by an earlier process
    grant: Grant | None = None
    grant_at: float | None = None

    applied_hash: str | None = None  # routing that HAProxy was seen to follow
    haproxy_up: bool = False
    checks_done: bool = False  # every member in traffic has been checked once
    down: tuple[str, ...] = ()  # members that should serve and that checks see down, by name
    intake_shut: bool = False  # frontends relay and handover_in are closed
    sessions: int = 0
    entry_sessions: int = 0  # among them: clients, whose mail goes to the queues of members
    quiet_since: float | None = None  # monotonic: since then no mail can have come in, nor be coming in

    gate_up: bool = False
    lanes: Lanes = Lanes.CLOSED  # in force at the gate
    intake: Intake = Intake.OPEN  # in force at the gate

    egress: EgressObservation = field(default_factory=EgressObservation)
    queue: QueueDepth | None = None
    queue_error: str | None = None
    queue_read_at: float = float("-inf")  # monotonic: when the last count began

    outcomes: Outcomes = ()  # what became of recipients, by provider and window

    @property
    def count_is_old(self) -> bool:
        """Whether the pod became quiet after the queue was counted: the count may miss what came in last."""
        return self.quiet_since is not None and self.queue_read_at < self.quiet_since


class Board:
    """The current facts, and a way to wait for the next change."""

    def __init__(self) -> None:
        self.facts = Facts()
        self.version = 0
        self._changed = asyncio.Event()

    def update(self, **changes: Any) -> None:
        """Replace fields; wakes all waiters if anything is different."""
        facts = replace(self.facts, **changes)
        if facts == self.facts:
            return
        self.facts = facts
        self.wake()

    def wake(self) -> None:
        """Let every waiter look again, for a reason that is not in the facts."""
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait(self, seen: int, *, timeout: float | None = None) -> bool:  # noqa: ASYNC109 - callers pass deadlines
        """Until the version is not `seen`; False when `timeout` seconds passed first."""
        if self.version != seen:
            return True
        if timeout is not None and timeout <= 0:
            return False
        try:
            async with asyncio.timeout(timeout):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True
