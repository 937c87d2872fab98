"""A relay with bad outcomes leaves the traffic by itself, says why, and stays out across restarts of the operator."""

from datetime import UTC, datetime

from smtppool.api.documents import Intake, Lanes, QueueDepth
from smtppool.api.names import health_name
from smtppool.api.outcomes import Outcomes, ProviderOutcomes, Standing, WindowCounts, WindowName
from smtppool.kube.kinds import CONFIG_MAP, POD, SMTP_POOL, SMTP_SERVER, STATEFUL_SET
from smtppool.policy.verdict import format_time
from tests.contract.operator.drains import events
from tests.contract.operator.objects import pool, server
from tests.contract.operator.picture import record_of
from tests.contract.operator.process import OperatorProcess
from tests.contract.operator.waiting import equals, until
from tests.contract.operator.world import World

ROOM = {"minAvailable": 1, "maxUnavailable": "100%"}


def outcomes(delivered: int, bounced: int) -> Outcomes:
    """The same in every window, at two providers."""
    counts = WindowCounts(
        delivered=delivered, bounced={"SpamBlock": bounced}, responses=delivered, response_ms=delivered
    )
    windows = dict.fromkeys(WindowName, counts)
    return tuple(ProviderOutcomes(provider=name, windows=windows) for name in ("google", "yahoo"))


GOOD, BAD = outcomes(1000, 1), outcomes(800, 200)


async def two(world: World, **health: str) -> None:
    await world.create(
        pool(world.namespace, availability=ROOM, health=health),
        server(world.namespace, "mx1", weight=10),
        server(world.namespace, "mx2", weight=5),
    )
    await world.routed({"mx1": 10, "mx2": 5})


async def is_out(world: World, name: str) -> bool:
    known = (await record_of(world, "marketing")).servers.get(name)
    return known is not None and known.relay is not None and known.relay.standing is Standing.OUT


async def test_a_bad_relay_leaves_and_the_status_tells_why(world: World) -> None:
    await two(world)
    world.relays["mx2"].outcomes = GOOD
    await world.says("mx2", "Healthy", "True/Healthy", within=10)
    world.relays["mx1"].outcomes = BAD
    await world.routed({"mx1": 0, "mx2": 5}, within=5)
    message = await world.says("mx1", "Healthy", "False/BounceRate")
    assert message == "bounce 20 % of 2000 in 15 s, limit 3 %"

    async def told() -> bool:
        status = (await world.must(SMTP_SERVER, "mx1"))["status"]
        providers = {one["name"]: one["score"] for one in status["providers"]}
        return status["state"] == "Unhealthy" and status["score"] < 70 and providers.keys() == {"google", "yahoo"}

    await until(told, what="state, score and providers", within=10)
    told_of_pool = await world.says("marketing", "Healthy", "False/MembersUnhealthy", kind=SMTP_POOL)
    assert "mx1: bounce 20 %" in told_of_pool
    assert await is_out(world, "mx1")


async def test_a_relay_that_is_bad_at_one_provider_gives_away_its_mail_only(world: World) -> None:
    await two(world)
    world.relays["mx2"].outcomes = GOOD
    world.relays["mx1"].outcomes = (GOOD[0], BAD[1])
    message = await world.says("mx1", "Healthy", "False/BounceRate", within=10)
    assert "at yahoo" in message

    async def excluded() -> list[str]:
        grant = await world.grant("mx1")
        return list(grant.excluded) if grant else []

    await equals(excluded, ["yahoo"], what="the grant excludes the provider", within=10)
    assert await world.weights() == {"mx1": 10, "mx2": 5}
    await equals(lambda: events(world, "mx1", "ExcludeProvider"), 1, what="Events of the exclusion", within=10)


async def test_the_last_member_stays(world: World) -> None:
    await world.create(pool(world.namespace), server(world.namespace, "mx1", weight=10))
    await world.routed({"mx1": 10})
    world.relays["mx1"].outcomes = BAD
    message = await world.says("marketing", "Healthy", "False/LastMember", kind=SMTP_POOL, within=10)
    assert "bounce 20 %" in message
    assert "it stays: LastMember" in await world.says("mx1", "Healthy", "False/BounceRate")
    assert await world.weights() == {"mx1": 10}
    world.relays["mx1"].seen = "203.0.113.99"
    await world.routed({"mx1": 0})


async def test_a_signal_from_outside_lowers_the_score_until_it_is_outlived(world: World) -> None:
    await two(world)
    world.relays["mx1"].outcomes = GOOD
    await until(lambda: score(world, "mx1", 100), what="the score of good outcomes", within=10)
    signal = {"source": "snds", "value": 40, "seenAt": format_time(datetime.now(UTC)), "ttl": "8s"}
    await world.patch(SMTP_SERVER, "mx1", {"spec": {"externalSignals": [signal]}})
    await until(lambda: score(world, "mx1", 40), what="the lower score", within=8)
    await until(lambda: score(world, "mx1", 100), what="the score without the signal", within=20)


async def score(world: World, name: str, wanted: int) -> bool:
    return bool((await world.must(SMTP_SERVER, name))["status"].get("score") == wanted)


async def test_an_object_in_the_place_of_the_record_is_told_of_and_nobody_is_taken_out(world: World) -> None:
    metadata = {"name": health_name("marketing"), "namespace": world.namespace}
    await world.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"mine": "yes"}})
    await two(world)
    world.relays["mx1"].outcomes = BAD
    assert "marketing-health" in await world.says(
        "marketing", "Reconciled", "False/Conflict", kind=SMTP_POOL, within=10
    )
    await world.says("marketing", "Healthy", "False/NotRecorded", kind=SMTP_POOL)
    assert "it stays: NotRecorded" in await world.says("mx1", "Healthy", "False/BounceRate")
    assert await world.weights() == {"mx1": 10, "mx2": 5}
    await world.delete(CONFIG_MAP, health_name("marketing"))
    await world.routed({"mx1": 0, "mx2": 5}, within=20)
    await world.says("marketing", "Reconciled", "True/Reconciled", kind=SMTP_POOL)


async def test_a_pool_that_observes_only_tells(world: World) -> None:
    await two(world)
    await world.put(SMTP_POOL, "marketing", {"spec": {"mode": "Observe"}})
    world.relays["mx1"].outcomes = BAD
    await world.says("mx1", "Healthy", "False/BounceRate", within=10)
    assert await is_out(world, "mx1")
    assert await world.weights() == {"mx1": 10, "mx2": 5}


async def test_hand_over_gives_the_queue_to_peers(world: World) -> None:
    await two(world, action="HandOver")
    world.relays["mx1"].queue = QueueDepth(deferred=7)
    world.relays["mx1"].outcomes = BAD
    await world.routed({"mx1": 0, "mx2": 5}, within=5)
    assert "7 deferred" in await world.says("mx1", "Draining", "True/HandingOver")
    grant = await world.grant("mx1")
    assert grant is not None
    assert (grant.lanes, grant.intake) == (Lanes.HANDOVER, Intake.CLOSED)
    world.relays["mx1"].queue = QueueDepth()
    assert "by its health" in await world.says("mx1", "Draining", "False/Drained")
    assert (await world.must(STATEFUL_SET, "mx1-relay"))["spec"]["replicas"] == 1


async def test_scale_down_leaves_no_pod_and_the_pool_can_have_it_back(world: World) -> None:
    await two(world, action="ScaleDown")
    world.relays["mx1"].outcomes = BAD
    await world.gone(POD, "mx1-relay-0")
    assert (await world.must(STATEFUL_SET, "mx1-relay"))["spec"]["replicas"] == 0
    await world.says("mx1", "Healthy", "False/BounceRate")
    world.relays["mx1"].outcomes = ()
    world.relays["mx2"].seen = "203.0.113.99"  # the other is barred: health alone keeps nobody out any longer
    await until(lambda: in_traffic(world, "mx1"), what="mx1 is back on probation")
    assert "Probation" in (await world.condition(SMTP_SERVER, "mx1", "Healthy"))["reason"]


async def in_traffic(world: World, name: str) -> bool:
    return (await world.weights()).get(name, 0) > 0


async def test_a_restart_changes_no_weight(world: World, operator: OperatorProcess) -> None:
    await two(world)
    world.relays["mx1"].outcomes = BAD
    await world.routed({"mx1": 0, "mx2": 5}, within=5)
    await equals(lambda: events(world, "mx1", "Cordon"), 1, what="Events of the cut", within=10)
    routed = await world.routing()
    since = (await record_of(world, "marketing")).servers["mx1"]
    operator.stop()
    world.relays["mx1"].outcomes = GOOD  # what it does now does not bring it back before its time
    operator.start()
    await world.says("mx2", "Healthy", "Unknown/NotEvaluated")
    await world.says("mx1", "Healthy", "False/BounceRate")
    assert await world.routing() == routed
    assert (await record_of(world, "marketing")).servers["mx1"] == since
    assert await events(world, "mx1", "Cordon") == 1
