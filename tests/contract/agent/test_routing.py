"""Routing from the API server into HAProxy, and traffic that follows it."""

import asyncio
from collections import Counter

from smtppool.api.documents import MemberState
from smtppool.kube.client import Api
from tests.contract.agent import objects
from tests.contract.agent.client import session
from tests.contract.agent.objects import member, routing, until
from tests.contract.agent.pod import ADDRESS, Pod
from tests.contract.agent.sinks import Sink

TEN_FIVE_THREE = routing(member(2, 10), member(3, 5), member(4, 3))
WEIGHTS = {"127.1.0.2": 10, "127.1.0.3": 5, "127.1.0.4": 3}


async def follows(pod: Pod, weights: dict[str, int]) -> bool:
    return await pod.weights() == weights


async def test_1800_connections_are_shared_exactly_from_a_cold_start(pod: Pod, sinks: list[Sink], api: Api) -> None:
    pod.start_agent()
    await objects.put_routing(api, pod.namespace, TEN_FIVE_THREE)
    await until(lambda: follows(pod, WEIGHTS), reason="HAProxy follows the routing")
    for _ in range(180):
        await asyncio.gather(*(session(ADDRESS) for _ in range(10)))
    assert [sink.sessions for sink in sinks] == [1000, 500, 300]
    assert {client for sink in sinks for client in sink.clients} == {"127.0.0.1"}


async def test_weight_zero_drain_and_removal_get_nothing(pod: Pod, sinks: list[Sink], api: Api) -> None:
    pod.start_agent()
    await objects.put_routing(
        api, pod.namespace, routing(member(2, 0), member(3, 5, state=MemberState.DRAIN), member(4, 1))
    )
    await until(lambda: follows(pod, {"127.1.0.2": 0, "127.1.0.4": 1}), reason="HAProxy follows the routing")
    banners = Counter([(await session(ADDRESS)).banner for _ in range(20)])
    assert banners == {"220 127.1.0.4 ESMTP": 20}
    await objects.put_routing(api, pod.namespace, routing(member(2, 1)))
    await until(lambda: follows(pod, {"127.1.0.2": 1}), reason="HAProxy follows the second routing")
    banners = Counter([(await session(ADDRESS)).banner for _ in range(20)])
    assert banners == {"220 127.1.0.2 ESMTP": 20}


async def test_without_a_member_in_traffic_clients_get_450(pod: Pod, sinks: list[Sink], api: Api) -> None:
    pod.start_agent()
    await objects.put_routing(api, pod.namespace, routing(member(2, 0), member(3, 0)))
    await until(lambda: follows(pod, {"127.1.0.2": 0, "127.1.0.3": 0}), reason="HAProxy follows the routing")
    seen = await session(ADDRESS)
    assert (seen.banner[:3], seen.reply[:9]) == ("220", "450 4.3.2")
    assert sum(sink.sessions for sink in sinks) == 0


async def test_killed_haproxy_follows_the_routing_again_at_once(pod: Pod, sinks: list[Sink], api: Api) -> None:
    pod.start_agent()
    await objects.put_routing(api, pod.namespace, TEN_FIVE_THREE)
    await until(lambda: follows(pod, WEIGHTS), reason="HAProxy follows the routing")
    await pod.kill_haproxy()
    await pod.start_haproxy()
    await until(lambda: follows(pod, WEIGHTS), reason="the new HAProxy follows the routing", timeout=1)


async def test_haproxy_that_starts_before_its_agent_serves_at_once(pod: Pod, sinks: list[Sink], api: Api) -> None:
    pod.start_agent()
    drained = member(5, 7, state=MemberState.DRAIN)
    await objects.put_routing(api, pod.namespace, routing(*TEN_FIVE_THREE.members, drained))
    await until(lambda: follows(pod, WEIGHTS), reason="HAProxy follows the routing")
    await until(lambda: " weight 10" in pod.warm_text, reason="the routing is kept beside HAProxy")
    await pod.stop_agent()
    await pod.kill_haproxy()
    await pod.start_haproxy()
    banners = Counter([(await session(ADDRESS)).banner for _ in range(36)])
    assert banners == {"220 127.1.0.2 ESMTP": 20, "220 127.1.0.3 ESMTP": 10, "220 127.1.0.4 ESMTP": 6}
    again = pod.start_agent()
    await until(lambda: again.board.facts.applied_hash, reason="the agent takes over what HAProxy holds")
    assert await pod.weights() == WEIGHTS


async def test_drift_is_repaired(pod: Pod, sinks: list[Sink], api: Api) -> None:
    agent = pod.start_agent()
    await objects.put_routing(api, pod.namespace, TEN_FIVE_THREE)
    await until(lambda: agent.board.facts.checks_done and agent.board.facts.applied_hash, reason="routing applied")
    await until(lambda: follows(pod, WEIGHTS), reason="HAProxy follows the routing")
    await pod.runtime.execute(["set server members/slot1 weight 200", "set server members/slot2 state maint"])
    await until(lambda: follows(pod, WEIGHTS), reason="the drift is repaired", timeout=5)


async def test_mail_flows_with_the_api_server_away(pod: Pod, sinks: list[Sink], api: Api) -> None:
    agent = pod.start_agent()
    await objects.put_routing(api, pod.namespace, TEN_FIVE_THREE)
    await until(lambda: follows(pod, WEIGHTS), reason="HAProxy follows the routing")
    await until(lambda: agent.board.facts.lanes.value == "Open", reason="lanes are open")
    await until((pod.root / "var/spool/smtppool/state/grant.json").exists, reason="the copy is kept")
    await pod.stop_agent()
    await pod.kill_haproxy()
    # An agent that reaches no API server: its namespace does not exist there.
    pod.namespace = "nowhere"
    await pod.start_haproxy()
    again = pod.start_agent()
    await until(lambda: follows(pod, WEIGHTS), reason="the copy is in force", timeout=2)
    await until(lambda: again.board.facts.lanes.value == "Open", reason="lanes are open by the copy", timeout=3)
    assert (await session(ADDRESS)).reply.startswith("250")
