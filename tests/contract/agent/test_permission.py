"""Grant and egress check, the gate that follows them, and the report that says so."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from smtppool.agent import gate
from smtppool.api import names
from smtppool.api.documents import EgressCheckOrder, Intake, Lanes
from smtppool.kube.client import Api
from smtppool.kube.kinds import CONFIG_MAP
from tests.contract.agent import objects
from tests.contract.agent.objects import grant, member, report, routing, until
from tests.contract.agent.pod import ADDRESS, Pod


class Echo:
    """A host that tells clients an address; `address` None: it answers nothing of use."""

    def __init__(self) -> None:
        self.address: str | None = None
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 echo ESMTP\r\n")
        await reader.readline()
        writer.write(f"250-echo\r\n250 hello [{self.address}]\r\n".encode() if self.address else b"421 no\r\n")
        await reader.readline()
        writer.close()


@pytest_asyncio.fixture
async def echo() -> AsyncIterator[Echo]:
    host = Echo()
    server = await asyncio.start_server(host.serve, "127.0.0.1", 0)
    host.port = server.sockets[0].getsockname()[1]
    yield host
    server.close()


def check(host: Echo, expected: str) -> EgressCheckOrder:
    return EgressCheckOrder(endpoint=f"smtp://127.0.0.1:{host.port}", interval_seconds=1, expected=expected)


async def lanes(pod: Pod) -> str:
    status = await gate.ask(pod.paths.at(names.GATE_CONTROL_SOCKET), "status")
    return status.partition('"lanes":"')[2].partition('"')[0]


async def lanes_are(pod: Pod, wanted: Lanes) -> bool:
    return await lanes(pod) == wanted


async def start(pod: Pod, api: Api) -> None:
    await objects.put_routing(api, pod.namespace, routing(member(1, 5)))
    pod.start_agent()


async def test_lanes_follow_the_grant_and_postfix_is_asked_to_reload_when_they_close(pod: Pod, api: Api) -> None:
    await start(pod, api)
    await until(lambda: lanes_are(pod, Lanes.OPEN), reason="lanes open")
    request = pod.paths.at(names.RELOAD_REQUEST)
    await until(request.exists, reason="mail may be held, so a reload is asked for")
    request.unlink()
    await objects.put_grant(api, pod.namespace, grant(uid=pod.uid, lanes=Lanes.CLOSED))
    await until(lambda: lanes_are(pod, Lanes.CLOSED), reason="lanes close")
    await until(request.exists, reason="a reload is asked for")


async def test_a_grant_for_another_pod_is_closed(pod: Pod, api: Api) -> None:
    await objects.put_grant(api, pod.namespace, grant(uid="another-pod"))
    await start(pod, api)
    await until(pod.paths.at(names.GATE_TABLE).exists, reason="the table is written")
    assert await lanes_are(pod, Lanes.CLOSED)


async def test_a_pod_that_got_another_address_needs_a_grant_for_it(pod: Pod, api: Api) -> None:
    await start(pod, api)
    await until(lambda: lanes_are(pod, Lanes.OPEN), reason="lanes open")
    await objects.put_grant(api, pod.namespace, grant(uid=pod.uid, address="127.1.0.99"))
    await until(lambda: lanes_are(pod, Lanes.CLOSED), reason="the permission is for an address that is not this pod's")

    async def reported() -> bool:
        said = await report(api, pod.namespace)
        return said is not None and said.lanes is Lanes.CLOSED and said.pod_address == pod.address

    await until(reported, reason="the report states the pod's address", timeout=3)
    await objects.put_grant(api, pod.namespace, grant(uid=pod.uid))
    await until(lambda: lanes_are(pod, Lanes.OPEN), reason="lanes open again")


async def test_a_wrong_source_address_closes_lanes_at_once(pod: Pod, api: Api, echo: Echo) -> None:
    echo.address = "198.51.100.7"
    await objects.put_grant(api, pod.namespace, grant(uid=pod.uid, check=check(echo, "198.51.100.7")))
    await start(pod, api)
    await until(lambda: lanes_are(pod, Lanes.OPEN), reason="lanes open")
    echo.address = "203.0.113.9"
    await until(lambda: lanes_are(pod, Lanes.CLOSED), reason="lanes close by what the agent saw", timeout=3)

    async def reported() -> bool:
        said = await report(api, pod.namespace)
        return said is not None and said.egress.observed_address == "203.0.113.9" and said.lanes is Lanes.CLOSED

    await until(reported, reason="the report says so", timeout=3)
    echo.address = None
    await asyncio.sleep(1.5)
    assert await lanes_are(pod, Lanes.CLOSED), "an unreachable check does not open what a wrong address has closed"


async def test_closed_intake_shuts_the_internal_ports_and_is_reported(pod: Pod, api: Api) -> None:
    await start(pod, api)
    await until(lambda: lanes_are(pod, Lanes.OPEN), reason="lanes open")
    await objects.put_grant(api, pod.namespace, grant(uid=pod.uid, intake=Intake.CLOSED))

    async def reported() -> bool:
        said = await report(api, pod.namespace)
        return said is not None and said.intake is Intake.CLOSED

    await until(reported, reason="the report says that intake is closed", timeout=5)
    assert not await accepts(names.RELAY_PORT)
    assert not await accepts(names.HANDOVER_IN_PORT)
    assert await accepts(names.ENTRY_PORT)
    await objects.put_grant(api, pod.namespace, grant(uid=pod.uid))

    async def open_again() -> bool:
        return await accepts(names.RELAY_PORT) and await accepts(names.HANDOVER_IN_PORT)

    await until(open_again, reason="the ports open again", timeout=3)


async def accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(ADDRESS, port)
    except OSError:
        return False
    writer.close()
    return True


async def test_an_unchanged_report_is_not_written(pod: Pod, api: Api) -> None:
    await start(pod, api)
    await until(lambda: lanes_are(pod, Lanes.OPEN), reason="lanes open")

    async def reported() -> bool:
        said = await report(api, pod.namespace)
        return said is not None and said.lanes is Lanes.OPEN and said.routing_hash is not None

    await until(reported, reason="the report is complete")
    await asyncio.sleep(1.5)
    before = await version(pod, api)
    await asyncio.sleep(5)
    assert await version(pod, api) == before


async def version(pod: Pod, api: Api) -> str:
    body = await api.get(CONFIG_MAP, names.Key(pod.namespace, names.report_name("mx1")))
    assert body is not None
    return str(body["metadata"]["resourceVersion"])
