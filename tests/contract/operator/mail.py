"""Queues that move as Postfix would move them: to peers that the routing names, while the grant says Handover."""

import asyncio
from dataclasses import dataclass, field
from typing import Self

from smtppool.api.documents import Intake, Lanes, QueueDepth
from smtppool.kube.errors import ApiError
from smtppool.kube.kinds import POD
from tests.contract.operator.maps import Maps, look
from tests.contract.operator.world import World

PERIOD = 0.05
BATCH = 10  # messages a turn
POOL = "marketing"


@dataclass
class Mail:
    """`async with Mail(world, "mx1", "mx2"):`. Mail on hold and damaged mail stay where they are."""

    world: World
    names: tuple[str, ...]
    delivers: bool = False  # who takes mail delivers it at once
    delivered: int = 0
    moved: dict[tuple[str, str], int] = field(default_factory=dict)  # messages by giver and taker
    _task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="mail")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait({self._task})

    @property
    def total(self) -> int:
        """Messages at all relays, and delivered ones."""
        return sum(self.at(name) for name in self.names) + self.delivered

    def at(self, name: str) -> int:
        """Messages at one relay."""
        return self.world.relays[name].queue.messages

    async def _run(self) -> None:
        while True:
            try:
                maps = await look(self.world.api, self.world.namespace)
                for name in self.names:
                    await self._give(name, maps)
            except ApiError:
                pass  # an object that goes in between
            await asyncio.sleep(PERIOD)

    async def _give(self, name: str, maps: Maps) -> None:
        grant, routing = maps.grant(name), maps.routing(POOL)
        if grant is None or routing is None or grant.lanes is not Lanes.HANDOVER:
            return
        if await self.world.get(POD, f"{name}-relay-0") is None:
            return
        takers = [one.name for one in routing.members if one.takes_over and one.name != name]
        for taker in takers:
            taking = maps.grant(taker)
            if taking is not None and taking.intake is Intake.OPEN:
                self._move(name, taker)
                return

    def _move(self, giver: str, taker: str) -> None:
        queue, theirs = self.world.relays[giver].queue, self.world.relays[taker].queue
        waiting = queue.incoming + queue.active + queue.deferred
        count = min(BATCH, waiting)
        if not count:
            return
        left = QueueDepth(deferred=waiting - count, hold=queue.hold, corrupt=queue.corrupt)
        self.world.relays[giver].queue = left
        if self.delivers:
            self.delivered += count
        else:
            self.world.relays[taker].queue = theirs.model_copy(update={"deferred": theirs.deferred + count})
        self.moved[giver, taker] = self.moved.get((giver, taker), 0) + count
