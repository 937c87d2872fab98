"""The leader lease for two or more replicas: only its holder starts any watch or worker.

Losing it ends the process: a former leader that works on would write beside the new one.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
from kubernetes.aio.client.exceptions import ApiException
from kubernetes.aio.leaderelection.electionconfig import Config
from kubernetes.aio.leaderelection.leaderelection import LeaderElection
from kubernetes.aio.leaderelection.leaderelectionrecord import LeaderElectionRecord
from kubernetes.aio.leaderelection.resourcelock.leaselock import LeaseLock

from smtppool.kube.client import Api

logger = logging.getLogger(__name__)
DURATION = 15  # seconds after which others may take a lease that was not renewed
RENEW_DEADLINE = 10  # seconds after which the holder gives up: before the others may begin
RETRY = 2
_BROKEN = (aiohttp.ClientError, TimeoutError, OSError)


class LeaseLostError(Exception):
    """Another replica may be leader now."""


class PatientLease(LeaseLock):
    """The library's lease, for which a broken connection is a failed try and not the end."""

    async def get(self, name: str, namespace: str) -> Any:
        """The record of the holder, or why it could not be read."""
        try:
            return await super().get(name, namespace)
        except _BROKEN as error:
            return False, ApiException(status=0, reason=str(error))

    async def create(self, name: str, namespace: str, election_record: LeaderElectionRecord) -> bool:
        """Whether the lease could be made."""
        try:
            return bool(await super().create(name, namespace, election_record))
        except _BROKEN:
            return False

    async def update(self, name: str, namespace: str, updated_record: LeaderElectionRecord) -> bool:
        """Whether the lease could be taken or renewed."""
        try:
            return bool(await super().update(name, namespace, updated_record))
        except _BROKEN:
            return False

    async def release(self) -> None:
        """Let the next replica begin at once instead of after the lease's duration."""
        if self.lease_reference is None or self.lease_reference.spec is None:
            return
        if self.lease_reference.spec.holder_identity != self.identity:
            return
        self.lease_reference.spec.holder_identity = ""
        with contextlib.suppress(ApiException, *_BROKEN):
            await self.api_instance.replace_namespaced_lease(
                name=self.name, namespace=self.namespace, body=self.lease_reference
            )


async def lead(
    api: Api, *, name: str, namespace: str, identity: str, work: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    """Wait for the lease, then run `work` while it is held. Raises LeaseLostError when it is lost first."""
    lease = PatientLease(name, namespace, identity, api.client)
    won = asyncio.Event()

    async def leading() -> None:
        won.set()

    async def lost() -> None:
        logger.error("lease %s/%s is lost", namespace, name)

    election = LeaderElection(Config(lease, DURATION, RENEW_DEADLINE, RETRY, leading, lost))
    held = asyncio.create_task(election.run(), name="leader-election")
    try:
        await _first(asyncio.create_task(won.wait()), held)
        task = asyncio.create_task(work(), name="leader")
        await _first(task, held)
        await lease.release()
    finally:
        held.cancel()
        await asyncio.wait({held})


async def _first(task: asyncio.Task[Any], held: asyncio.Task[None]) -> None:
    """Wait for the task as long as the election runs; the end of the election ends the task."""
    try:
        await asyncio.wait({task, held}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise LeaseLostError(str(held.exception() or "not renewed in time"))
        task.result()
    finally:
        task.cancel()
        await asyncio.wait({task})
