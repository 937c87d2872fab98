"""Observes the pod's own source address as ordered by the grant; what it sees alone can close lanes, never open them.

The observation is kept on the volume with the pod's uid and address, its network and the boot of its node, so that a
restarted agent goes on from it, and nobody does for whom the node may translate differently: another pod, or this one
in a sandbox that was made anew.
"""

import asyncio
import json
import logging
import random
import time
from collections.abc import Callable
from typing import Final

from smtppool.agent import echo
from smtppool.agent.facts import Board
from smtppool.agent.settings import Paths, Settings
from smtppool.api import names
from smtppool.api.documents import EgressCheckOrder, EgressObservation
from smtppool.kube import files
from smtppool.kube.jsonlog import timestamp

log = logging.getLogger(__name__)

EAGER_INTERVAL: Final = 2.0
EAGER_CHECKS: Final = 30  # a minute of quick checks, then slower and slower
ORDER_POLL: Final = 30.0
FILE: Final = "egress.json"
BOOT_ID: Final = "/proc/sys/kernel/random/boot_id"
NETWORK: Final = "/proc/self/ns/net"


def delay(order: EgressCheckOrder, observation: EgressObservation, *, misses: int) -> float:
    """Seconds to the next check: the ordered interval once the right address was seen, else soon."""
    if not misses and observation.error is None:
        return float(order.interval_seconds)
    return min(float(order.interval_seconds), EAGER_INTERVAL * float(2 ** min(10, max(0, misses - EAGER_CHECKS))))


def succeeded(address: str, *, now: float) -> EgressObservation:
    """The observation after an answer."""
    return EgressObservation(observed_address=address, observed_at=timestamp(now))


def failed(observation: EgressObservation, error: str, *, now: float) -> EgressObservation:
    """The observation after a failure: the last seen address stays, with its time."""
    since = observation.error_since or timestamp(now)
    return observation.model_copy(update={"error": error[:512], "error_since": since})


class EgressWatch:
    """Checks when it is due or when the order changes."""

    def __init__(self, *, settings: Settings, board: Board) -> None:
        self._settings = settings
        self._board = board
        self._file = settings.paths.at(names.STATE_DIR) / FILE

    def restore(self) -> None:
        """Go on from what this pod saw before its agent was restarted."""
        kept, own = files.read_json(self._file), self._identity()
        if not isinstance(kept, dict) or any(kept.get(name) != value for name, value in own.items()):
            return
        if None in own.values():
            return
        try:
            self._board.update(egress=EgressObservation.model_validate(kept["observation"]))
        except (KeyError, ValueError) as error:
            log.warning("kept egress observation is unusable", extra={"cause": str(error)})

    async def run(self, beat: Callable[[], None]) -> None:
        """Check for ever; without an endpoint there is nothing to check."""
        misses = 0
        while True:
            order = self._order()
            if order is None or order.endpoint is None:
                await self._wait_for_other(order, seconds=ORDER_POLL)
                misses = 0
                beat()
                continue
            right = await self._check(order, order.endpoint)
            misses = 0 if right else misses + 1
            beat()
            pause = delay(order, self._board.facts.egress, misses=misses)
            if await self._wait_for_other(order, seconds=pause * random.uniform(0.9, 1.0)):  # noqa: S311 - jitter
                misses = 0

    def _identity(self) -> dict[str, str | int | None]:
        """A sandbox made anew may get the old address again, in the node's network it does: hence the other two."""
        own = self._settings
        return {"podUid": own.pod_uid, "podAddress": own.pod_ip, "bootId": _boot(own.paths), "network": _net(own.paths)}

    def _order(self) -> EgressCheckOrder | None:
        grant = self._board.facts.grant
        return grant.egress_check if grant else None

    async def _check(self, order: EgressCheckOrder, endpoint: str) -> bool:
        before = self._board.facts.egress
        try:
            own = self._settings
            address = await echo.source_address(endpoint, hostname=own.hostname, source=own.bind_address)
        except echo.EchoError as error:
            if before.error != str(error):
                log.warning("egress check failed", extra={"cause": str(error)})
            await self._keep(failed(before, str(error), now=time.time()))
            return False
        if address != before.observed_address:
            log.info("source address seen", extra={"address": address, "expected": order.expected})
        await self._keep(succeeded(address, now=time.time()))
        return order.expected is None or address == order.expected

    async def _keep(self, observation: EgressObservation) -> None:
        self._board.update(egress=observation)
        kept = json.dumps(self._identity() | {"observation": observation.dump()})
        try:
            await asyncio.to_thread(files.replace_durable, self._file, kept)
        except OSError as error:
            log.warning("egress observation not kept", extra={"cause": repr(error)})

    async def _wait_for_other(self, order: EgressCheckOrder | None, *, seconds: float) -> bool:
        """Until the order is another one; False when the time is up first."""
        end = time.monotonic() + seconds
        while self._order() == order:
            if not await self._board.wait(self._board.version, timeout=end - time.monotonic()):
                return False
        return True


def _boot(paths: Paths) -> str | None:
    """The boot of the node's kernel; None: unknown, so nothing kept is trusted."""
    try:
        return paths.at(BOOT_ID).read_text().strip() or None
    except OSError:
        return None


def _net(paths: Paths) -> int | None:
    """The network namespace, which every sandbox has of its own; None: unknown."""
    try:
        return paths.at(NETWORK).stat().st_ino
    except OSError:
        return None
