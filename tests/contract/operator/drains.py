"""Steps that tests of drains share: three relays in traffic, what is wanted, what is granted."""

import pytest

from smtppool.api.documents import Grant, Intake, Lanes, QueueDepth, Report
from smtppool.api.names import REPORT_KEY, report_name
from smtppool.kube.kinds import CONFIG_MAP, EVENT, SMTP_SERVER, STATEFUL_SET
from tests.contract.operator.objects import pool, server
from tests.contract.operator.waiting import equals
from tests.contract.operator.world import World

NAMES = ("mx1", "mx2", "mx3")
QUEUED = QueueDepth(active=2, deferred=35)
RESTART = pytest.mark.parametrize("restart", [False, True], ids=["", "operator-restart"])


async def three(world: World) -> None:
    """All in traffic with the weight 10."""
    await world.create(pool(world.namespace), *(server(world.namespace, name, weight=10) for name in NAMES))
    await world.routed(dict.fromkeys(NAMES, 10))
    for name in NAMES:
        await world.says(name, "Ready", "True/Ready")


async def want(world: World, name: str, state: str) -> None:
    """As its user does."""
    await world.patch(SMTP_SERVER, name, {"spec": {"desiredState": state}})


async def granted(world: World, name: str, lanes: Lanes, intake: Intake, *, within: float = 20) -> Grant:
    """Until the grant says so; the grant."""

    async def look() -> tuple[Lanes, Intake] | None:
        grant = await world.grant(name)
        return (grant.lanes, grant.intake) if grant else None

    wanted: tuple[Lanes, Intake] | None = (lanes, intake)
    await equals(look, wanted, what=f"grant of {name}", within=within)
    grant = await world.grant(name)
    assert grant is not None
    return grant


async def state(world: World, name: str, wanted: str) -> None:
    """Until the printer column says so."""

    async def look() -> str:
        return str((await world.must(SMTP_SERVER, name))["status"].get("state"))

    await equals(look, wanted, what=f"state of {name}", within=30)


async def replicas(world: World, name: str) -> int:
    """Of the StatefulSet."""
    return int((await world.must(STATEFUL_SET, f"{name}-relay"))["spec"]["replicas"])


async def events(world: World, name: str, reason: str) -> int:
    """How many Events of that reason the server has."""
    found, _ = await world.api.list(EVENT, namespace=world.namespace)
    return sum(event["reason"] == reason and event["involvedObject"]["name"] == name for event in found)


async def reported_sessions(world: World, name: str, wanted: int) -> None:
    """Until the relay's agent says so."""

    async def look() -> int:
        body = await world.must(CONFIG_MAP, report_name(name))
        return Report.model_validate_json(body["data"][REPORT_KEY]).sessions

    await equals(look, wanted, what=f"sessions in the report of {name}", within=10)
