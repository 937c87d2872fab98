"""The node program's loop: an order, a notice of the kernel or 15 s asks for a look; a changed finding is reported.

Orders are kept on the node's disk, beside the looks: rules do not wait for a disk.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final, Protocol

from smtppool.api.documents import EgressRule, NodeEgressReport
from smtppool.kube.errors import ApiError
from smtppool.node import table
from smtppool.node.attempts import Attempts
from smtppool.node.command import CommandError
from smtppool.node.documents import NO_ORDER, Order, build_report
from smtppool.node.enforcer import Enforcer
from smtppool.node.kept import KeptOrder, recall
from smtppool.node.kernel import KernelNotices
from smtppool.node.settings import Settings

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 15.0  # makes up for a lost notice
SPACING_SECONDS: Final = 0.25  # kube-proxy changes nftables often: at most four looks a second
STUCK_SECONDS: Final = 90.0
KEEP_SECONDS: Final = 15.0  # between attempts, when the disk refuses
REPORT_SECONDS: Final = 60.0  # an unchanged report is applied again, which writes nothing unless it was altered


class Bus(Protocol):
    """Orders in, reports out."""

    def orders(self) -> AsyncIterator[Order]:
        """Every order from now on, the present one first; never ends."""

    async def report(self, report: NodeEgressReport) -> None:
        """Replaces the report. ApiError if that failed."""


class NodeProgram:
    """One order, one enforcer, one report."""

    def __init__(self, settings: Settings, bus: Bus) -> None:
        self._settings = settings
        self._bus = bus
        self._enforcer = Enforcer()
        self._kept = KeptOrder(directory=settings.state_dir, node=settings.node)
        self._order = NO_ORDER
        self._recalled = False
        self._wake = asyncio.Event()
        self._unkept = asyncio.Event()
        self._attempts = Attempts()
        self._ordered_anew = asyncio.Event()
        self._reported: NodeEgressReport | None = None
        self._looked_at = _now()
        self._reported_at = -REPORT_SECONDS
        self.error: str | None = "no look yet"

    @property
    def alive(self) -> bool:
        """Whether looks still happen."""
        return _now() - self._looked_at < STUCK_SECONDS

    @property
    def ordered(self) -> tuple[EgressRule, ...] | None:
        """The rules of the order that counts; None if there is none."""
        return None if self._order.egress is None else self._order.egress.rules

    async def run(self) -> None:
        """Until cancelled; rules stay in force then."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._keep())
            tasks.create_task(self._forget_attempts())
            with KernelNotices(self._wake.set):
                while True:
                    await self._look()
                    await asyncio.sleep(SPACING_SECONDS)
                    await _set_or_over(self._wake, LOOK_SECONDS)

    async def _follow(self) -> None:
        """An order that is bad or gone leaves the one before it in force."""
        async for order in self._bus.orders():
            self._order = Order(egress=order.egress or self._order.egress, error=order.error)
            self._wake.set()
            if order.egress is not None:
                self._recalled = True
                self._unkept.set()
                self._ordered_anew.set()

    async def _keep(self) -> None:
        while True:
            await self._unkept.wait()
            self._unkept.clear()
            egress = self._order.egress
            if egress is None:
                continue
            try:
                await asyncio.to_thread(self._kept.replace, egress)
            except OSError as error:
                log.warning("order not kept, tried again: %s", error)
                self._unkept.set()
                await asyncio.sleep(KEEP_SECONDS)

    async def _forget_attempts(self) -> None:
        """Beside the looks: a client waits."""
        while True:
            self._ordered_anew.clear()
            egress = self._order.egress
            wait = await self._attempts.turn(egress.silent if egress is not None else ())
            await _set_or_over(self._ordered_anew, wait)

    async def _recall(self) -> None:
        """Once, and only while no order has come: what the kept one allows."""
        if self._recalled:
            return
        try:
            current = await table.read()
        except CommandError:
            return  # the look that follows reports it, the next one tries again
        if not self._recalled:
            self._recalled = True
            self._order = self._order._replace(egress=recall(self._kept.read(), current=current))

    async def _look(self) -> None:
        self._wake.clear()
        await self._recall()
        order = self._order
        held, applied, error = await self._enforcer.look(order)
        self._looked_at = _now()
        report = build_report(node=self._settings.node, order=order, held=held, applied=applied, error=error)
        self.error = report.error
        if report != self._reported or _now() - self._reported_at >= REPORT_SECONDS:
            await self._send(report)

    async def _send(self, report: NodeEgressReport) -> None:
        try:
            await self._bus.report(report)
        except ApiError as error:
            log.warning("report not written, tried again at the next look: %s", error)
        else:
            self._reported, self._reported_at = report, _now()


async def _set_or_over(event: asyncio.Event, seconds: float | None) -> None:
    """Until the event is set, or for so long; None: however long it takes."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _now() -> float:
    return asyncio.get_running_loop().time()
