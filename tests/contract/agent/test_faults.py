"""Members that vanish or fall silent while clients connect all the time: who waits, and for how long."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from smtppool.api import names
from smtppool.kube.client import Api
from tests.contract.agent import objects
from tests.contract.agent.client import Session, session
from tests.contract.agent.objects import member, routing, until
from tests.contract.agent.pod import ADDRESS, Pod
from tests.contract.agent.sinks import Sink

EQUAL = routing(member(2, 5), member(3, 5), member(4, 5))
LOAD_INTERVAL = 0.05
FAULT_SECONDS = 4.5
Fault = Callable[[Sink], Awaitable[None]]


@contextmanager
def full_backlog(address: str, port: int) -> Iterator[None]:
    """A port whose accept queue is full: the kernel drops each SYN, as a network that drops packets would."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex((address, port))
        yield
        for filler in fillers:
            filler.close()


@asynccontextmanager
async def constant_load(seen: list[Session | OSError]) -> AsyncIterator[None]:
    """A client every 50 ms, none waiting for another."""

    async def one() -> None:
        try:
            seen.append(await session(ADDRESS))
        except OSError as error:
            seen.append(error)

    async def all_of_them() -> None:
        async with asyncio.TaskGroup() as group:
            while not ending.is_set():
                group.create_task(one())
                await asyncio.sleep(LOAD_INTERVAL)

    ending = asyncio.Event()
    load = asyncio.create_task(all_of_them())
    yield
    ending.set()
    await load


async def routed(pod: Pod, api: Api) -> None:
    agent = pod.start_agent()
    await objects.put_routing(api, pod.namespace, EQUAL)
    await until(lambda: agent.board.facts.applied_hash and agent.board.facts.checks_done, reason="members are checked")


@pytest.mark.parametrize("silent", [False, True], ids=["refusing", "dropping"])
async def test_a_lost_member_delays_no_client_after_three_seconds(
    pod: Pod, sinks: list[Sink], api: Api, silent: bool
) -> None:
    await routed(pod, api)
    seen: list[Session | OSError] = []
    async with constant_load(seen):
        await asyncio.sleep(1)
        sinks[0].stop()
        lost = time.monotonic()
        if silent:
            with full_backlog(sinks[0].address, names.RELAY_PORT):
                await asyncio.sleep(FAULT_SECONDS)
        else:
            await asyncio.sleep(FAULT_SECONDS)
    sessions = [one for one in seen if isinstance(one, Session)]
    assert len(sessions) == len(seen) > 40
    assert all(one.reply.startswith("250") for one in sessions), "every client was served"
    late = [one for one in sessions if one.opened > lost + 3]
    assert late
    assert max(one.waited for one in late) <= 1.0
    assert max(one.waited for one in sessions) <= 2.5


async def test_a_quiet_entry_notices_a_dropping_member_by_its_checks(pod: Pod, sinks: list[Sink], api: Api) -> None:
    await routed(pod, api)
    sinks[0].stop()
    with full_backlog(sinks[0].address, names.RELAY_PORT):
        await asyncio.sleep(3)
        waits = [(await session(ADDRESS)).waited for _ in range(9)]
        await until(lambda: down(pod) == ("mx2",), reason="the report names the member that is down")
    assert max(waits) <= 1.0


def down(pod: Pod) -> tuple[str, ...]:
    assert pod.agent is not None
    return pod.agent.board.facts.down


async def test_a_member_that_comes_back_is_used_again(pod: Pod, sinks: list[Sink], api: Api) -> None:
    await routed(pod, api)
    sinks[0].stop()
    await asyncio.sleep(2)
    before = sinks[0].sessions
    await sinks[0].start()

    async def used() -> bool:
        await session(ADDRESS)
        return sinks[0].sessions > before

    await until(used, reason="the member serves again", timeout=5)
