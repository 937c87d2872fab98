"""The leader lease for two or more replicas: only its holder starts any watch or worker.

Losing it ends the work at once: a former leader that goes on would write beside the new one. How long ago the holder
renewed is measured by the own monotonic clock, never by comparing two machines' clocks. (The election of kubernetes.aio
37.0 cannot create a Lease and loads every typed model.)
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from smtppool.api.names import FIELD_MANAGER, Key
from smtppool.kube.client import Api
from smtppool.kube.errors import ApiError, StaleError
from smtppool.kube.kinds import LEASE, Body

logger = logging.getLogger(__name__)
DURATION = 15  # seconds after which others may take a lease that was not renewed
RENEW_DEADLINE = 10  # seconds after which the holder gives up: before the others may begin
RETRY = 2


class LeaseLostError(Exception):
    """Another replica may be leader now."""


class Lease:
    """One candidate's view of the lease."""

    def __init__(self, api: Api, key: Key, identity: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._key = key
        self._identity = identity
        self._clock = clock
        self._seen = ("", 0.0)  # version of the Lease, and when it was first seen

    async def hold(self) -> bool:
        """Take or renew it; False when another replica holds it. Raises ApiError when nobody can tell."""
        live = await self._api.get(LEASE, self._key)
        try:
            if live is None:
                await self._api.create(self._new(), manager=FIELD_MANAGER)
            elif self._may_take(live):
                await self._take(live, self._identity)
            else:
                return False
        except StaleError:
            return False  # another candidate was faster
        return True

    async def release(self) -> None:
        """Let the next replica begin at once instead of after the lease's duration."""
        try:
            live = await self._api.get(LEASE, self._key)
            if live is not None and live["spec"].get("holderIdentity") == self._identity:
                await self._take(live, "")
        except ApiError as error:
            logger.warning("lease %s is not released: %s", self._key.name, error)

    def _may_take(self, live: Body) -> bool:
        version = live["metadata"]["resourceVersion"]
        if version != self._seen[0]:
            self._seen = (version, self._clock())
        holder = live["spec"].get("holderIdentity")
        expired = self._clock() - self._seen[1] > live["spec"].get("leaseDurationSeconds", DURATION)
        return not holder or holder == self._identity or expired

    async def _take(self, live: Body, identity: str) -> None:
        """Holds for this very version: of two candidates one is refused."""
        metadata = {"uid": live["metadata"]["uid"], "resourceVersion": live["metadata"]["resourceVersion"]}
        changed: dict[str, Any] = {"holderIdentity": identity, "leaseDurationSeconds": DURATION, "renewTime": _now()}
        if live["spec"].get("holderIdentity") != identity:
            changed |= {"acquireTime": _now(), "leaseTransitions": live["spec"].get("leaseTransitions", 0) + 1}
        patch = {"metadata": metadata, "spec": changed}
        await self._api.merge_patch(LEASE, self._key, patch, manager=FIELD_MANAGER)

    def _new(self) -> Body:
        times = {"acquireTime": _now(), "renewTime": _now(), "leaseTransitions": 0}
        return {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.name,
            "metadata": {"namespace": self._key.namespace, "name": self._key.name},
            "spec": {"holderIdentity": self._identity, "leaseDurationSeconds": DURATION, **times},
        }


async def lead(api: Api, key: Key, *, identity: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Wait for the lease, then run `work` while it is held. Raises LeaseLostError when it is lost first."""
    lease = Lease(api, key, identity)
    await _won(lease)
    logger.info("lease %s is held by %s", key.name, identity)
    tasks = {asyncio.create_task(work(), name="leader"), asyncio.create_task(_renew(lease), name="lease")}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    await lease.release()


async def _won(lease: Lease) -> None:
    """Waits for as long as another replica leads: a standby has nothing else to do."""
    while True:
        try:
            if await lease.hold():
                return
        except ApiError as error:
            logger.warning("lease: %s", error)
        await asyncio.sleep(RETRY)


async def _renew(lease: Lease) -> None:
    """Ends only by LeaseLostError."""
    while True:
        await asyncio.sleep(RETRY)
        try:
            async with asyncio.timeout(RENEW_DEADLINE - RETRY):
                await _renewed(lease)
        except TimeoutError as late:
            raise LeaseLostError(f"not renewed for {RENEW_DEADLINE} s") from late


async def _renewed(lease: Lease) -> None:
    while True:
        try:
            if await lease.hold():
                return
        except ApiError as error:
            logger.warning("lease: %s", error)
        else:
            raise LeaseLostError("held by another replica")
        await asyncio.sleep(RETRY / 2)


def _now() -> str:
    """MicroTime, for people who look at the Lease; nothing is computed from it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
