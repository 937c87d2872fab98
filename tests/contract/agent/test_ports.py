"""Who may connect to what, in HAProxy itself: works where no NetworkPolicy is enforced."""

import asyncio
import socket
import struct

import pytest

from smtppool.agent import frontends, prestop
from smtppool.agent.runtime import table
from smtppool.api import names
from smtppool.kube.client import Api
from tests.contract.agent import objects
from tests.contract.agent.client import session
from tests.contract.agent.objects import member, routing, until
from tests.contract.agent.pod import ADDRESS, Pod
from tests.contract.agent.sinks import SIGNATURE, Sink

STRANGER, MEMBER = "127.1.0.99", "127.1.0.2"
PROXY = SIGNATURE + struct.pack(">BBH4s4sHH", 0x21, 0x11, 12, bytes([10, 1, 2, 3]), bytes([10, 9, 9, 9]), 4321, 2525)
LOCAL = SIGNATURE + struct.pack(">BBH", 0x20, 0x00, 0)


async def first_bytes(source: str, port: int, head: bytes) -> bytes:
    """What comes first on a connection from `source` that begins with `head`; empty: it was closed."""
    async with asyncio.timeout(5):
        try:
            reader, writer = await asyncio.open_connection(ADDRESS, port, local_addr=(source, 0))
            writer.write(head)
            return await reader.read(100)
        except ConnectionError:
            return b""
        finally:
            if "writer" in locals():
                writer.close()


async def started(pod: Pod, api: Api) -> None:
    agent = pod.start_agent()
    await objects.put_routing(api, pod.namespace, routing(member(1, 5), member(2, 5)))
    await until(lambda: agent.board.facts.applied_hash, reason="the routing is applied")
    await until(lambda: agent.board.facts.checks_done, reason="members are checked")


@pytest.mark.parametrize("port", [names.RELAY_PORT, names.HANDOVER_IN_PORT])
@pytest.mark.parametrize("head", [b"", PROXY, LOCAL], ids=["plain", "forged", "local"])
async def test_a_stranger_is_refused_whatever_it_says(pod: Pod, api: Api, port: int, head: bytes) -> None:
    await started(pod, api)
    assert await first_bytes(STRANGER, port, head) == b""


async def test_without_a_routing_nobody_is_a_member(pod: Pod) -> None:
    assert await first_bytes(MEMBER, names.RELAY_PORT, PROXY) == b""


async def test_a_restarted_haproxy_is_down_for_its_peers_until_its_postfix_is_there(pod: Pod, api: Api) -> None:
    """All containers were killed: a peer that took it for healthy would send it a client, who would hear 450."""
    postfix = await Sink(ADDRESS, names.SMTPD_PORT).start()
    await started(pod, api)
    await until(lambda: postfix.checks, reason="HAProxy checks Postfix")
    await pod.stop_agent()
    await pod.kill_haproxy()
    postfix.stop()
    await pod.start_haproxy()
    assert [await first_bytes(MEMBER, names.RELAY_PORT, LOCAL) for _ in range(10)] == [b""] * 10
    await postfix.start()

    async def healthy() -> bool:
        return await first_bytes(MEMBER, names.RELAY_PORT, LOCAL) != b""

    await until(healthy, reason="its first check takes it in", timeout=2)
    postfix.stop()


async def test_a_member_reaches_postfix_and_its_check_does_not(pod: Pod, api: Api) -> None:
    postfix = await Sink(ADDRESS, names.SMTPD_PORT).start()
    await started(pod, api)
    await until(lambda: postfix.checks, reason="HAProxy checks Postfix")
    assert (await first_bytes(MEMBER, names.RELAY_PORT, PROXY)).startswith(b"220 127.1.0.1")
    assert postfix.clients == ["10.1.2.3"], "Postfix sees the client of the PROXY header"
    before = postfix.checks
    for _ in range(5):
        assert (await first_bytes(MEMBER, names.RELAY_PORT, LOCAL)).startswith(b"220 smtppool")
    assert (postfix.sessions, postfix.checks) == (1, before)
    postfix.stop()


async def test_with_postfix_away_clients_get_450_and_checks_fail(pod: Pod, api: Api) -> None:
    postfix = await Sink(ADDRESS, names.SMTPD_PORT).start()
    await started(pod, api)
    await until(lambda: postfix.checks, reason="HAProxy checks Postfix")
    postfix.stop()
    assert (await first_bytes(MEMBER, names.RELAY_PORT, PROXY)).startswith(b"220 smtppool"), "busy, not closed"
    assert await first_bytes(MEMBER, names.RELAY_PORT, LOCAL) == b""


async def test_a_removed_member_is_a_stranger(pod: Pod, api: Api) -> None:
    postfix = await Sink(ADDRESS, names.SMTPD_PORT).start()
    await started(pod, api)
    await until(lambda: postfix.checks, reason="HAProxy checks Postfix")
    assert await first_bytes(MEMBER, names.RELAY_PORT, PROXY)
    await objects.put_routing(api, pod.namespace, routing(member(1, 5)))

    async def refused() -> bool:
        return not await first_bytes(MEMBER, names.RELAY_PORT, PROXY)

    await until(refused, reason="the former member is refused", timeout=2)
    await until(
        lambda: pod.paths.members_acl.read_text() == f"{ADDRESS}\n", reason="HAProxy's next start knows", timeout=2
    )
    postfix.stop()


async def test_the_prestop_hook_waits_for_sessions_and_leaves_the_ports_closed(
    pod: Pod, sinks: list[Sink], api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prestop, "STOPPING_FLAG", str(pod.paths.at(names.STOPPING_FLAG)))
    monkeypatch.setattr(prestop, "HAPROXY_SOCKET", str(pod.paths.at(names.HAPROXY_SOCKET)))
    agent = pod.start_agent()
    await objects.put_routing(api, pod.namespace, routing(member(2, 5)))
    await until(lambda: agent.board.facts.applied_hash and agent.board.facts.checks_done, reason="members are checked")
    reader, writer = await asyncio.open_connection(ADDRESS, names.ENTRY_PORT)
    assert (await reader.readline()).startswith(b"220")
    hook = asyncio.create_task(asyncio.to_thread(prestop.main, ["30"]))
    await until(lambda: not listening(names.RELAY_PORT), reason="peers are turned away at once", timeout=2)
    assert (await session(ADDRESS)).reply.startswith("250"), "clients that still come are served"
    await until(lambda: entry_is_closed(pod), reason="the entry is closed", timeout=8)
    await asyncio.sleep(1.5)
    assert not hook.done(), "a session is open"
    writer.write(b"QUIT\r\n")
    assert (await reader.readline()).startswith(b"221"), "the open session was not cut"
    writer.close()
    assert await hook == 0
    assert not listening(names.RELAY_PORT), "the agent leaves a stopping pod's ports alone"


async def entry_is_closed(pod: Pod) -> bool:
    """As HAProxy says: a client that connects to find out would count as one."""
    return not frontends.is_open(table(await pod.runtime.execute([frontends.SHOW])), "entry")


def listening(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex((ADDRESS, port)) == 0


async def test_the_prestop_hook_gives_up_in_time(
    pod: Pod, sinks: list[Sink], api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prestop, "STOPPING_FLAG", str(pod.paths.at(names.STOPPING_FLAG)))
    monkeypatch.setattr(prestop, "HAPROXY_SOCKET", str(pod.paths.at(names.HAPROXY_SOCKET)))
    pod.start_agent()
    reader, writer = await asyncio.open_connection(ADDRESS, names.ENTRY_PORT)
    await reader.readline()
    assert await asyncio.to_thread(prestop.main, ["3"]) == 1
    writer.close()
