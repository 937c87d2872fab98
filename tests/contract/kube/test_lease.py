"""The leader lease: one leader at a time, a new one at once after a clean end, and none that works on without it."""

import asyncio
import time
from pathlib import Path

import pytest

from e2e.cluster.controlplane import ControlPlane
from smtppool.api.names import Key
from smtppool.kube import lease
from smtppool.kube.client import Api, connect
from smtppool.kube.kinds import LEASE
from smtppool.kube.lease import LeaseLostError, lead

WAIT = 20


class Candidate:
    """One replica: counts as leading between `started` and `ended`."""

    def __init__(self, api: Api, namespace: str, identity: str) -> None:
        self.started = asyncio.Event()
        self.stop = asyncio.Event()
        self.ended = asyncio.Event()
        self.task = asyncio.create_task(lead(api, Key(namespace, "operator"), identity=identity, work=self._work))

    async def _work(self) -> None:
        self.started.set()
        try:
            await self.stop.wait()
        finally:
            self.ended.set()


async def test_the_next_leader_begins_when_the_first_has_ended(api: Api, namespace: str) -> None:
    first = Candidate(api, namespace, "first")
    async with asyncio.timeout(WAIT):
        await first.started.wait()
    second = Candidate(api, namespace, "second")
    await asyncio.sleep(lease.RETRY + 1)
    assert not second.started.is_set()
    first.stop.set()
    await first.task
    async with asyncio.timeout(lease.RETRY + 2):  # far less than the lease's duration
        await second.started.wait()
    second.stop.set()
    await second.task


async def test_a_leader_that_died_is_followed_when_its_lease_is_over(
    api: Api, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "DURATION", 3)
    key = Key(namespace, "operator")
    assert await lease.Lease(api, key, "died").hold()
    begin = time.monotonic()
    follower = Candidate(api, namespace, "follower")
    async with asyncio.timeout(WAIT):
        await follower.started.wait()
    assert time.monotonic() - begin > 3
    follower.stop.set()
    await follower.task


async def test_who_finds_another_holder_stops(api: Api, namespace: str) -> None:
    leader = Candidate(api, namespace, "leader")
    async with asyncio.timeout(WAIT):
        await leader.started.wait()
    key = Key(namespace, "operator")
    await api.merge_patch(LEASE, key, {"spec": {"holderIdentity": "usurper"}}, manager="tests")
    with pytest.raises(LeaseLostError, match="held by another"):
        async with asyncio.timeout(WAIT):
            await leader.task
    assert leader.ended.is_set()


async def test_who_is_stopped_ends_its_work(api: Api, namespace: str) -> None:
    leader = Candidate(api, namespace, "leader")
    async with asyncio.timeout(WAIT):
        await leader.started.wait()
    leader.task.cancel()
    await asyncio.wait({leader.task})
    assert leader.ended.is_set()


async def test_an_error_of_the_work_is_the_callers(api: Api, namespace: str) -> None:
    async def broken() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await lead(api, Key(namespace, "operator"), identity="x", work=broken)


async def test_without_an_api_server_the_leader_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "DURATION", 5)
    monkeypatch.setattr(lease, "RENEW_DEADLINE", 3)
    monkeypatch.setattr(lease, "RETRY", 1)
    with ControlPlane(directory=tmp_path) as plane:
        async with connect(kubeconfig=plane.kubeconfig, request_timeout=2) as api:
            leader = Candidate(api, "default", "leader")
            async with asyncio.timeout(WAIT):
                await leader.started.wait()
            plane.stop_server()
            with pytest.raises(LeaseLostError):
                async with asyncio.timeout(WAIT):
                    await leader.task
            assert leader.ended.is_set()
