"""Lanes and weight follow the observed address; a report can be late, wrong or garbage, and only that."""

import json

import pytest

from smtppool.api.documents import Lanes
from smtppool.api.names import report_name
from smtppool.kube.kinds import CONFIG_MAP, POD, SMTP_POOL, SMTP_SERVER, uid_of
from tests.contract.operator.objects import pool, server
from tests.contract.operator.waiting import until
from tests.contract.operator.world import World

GARBAGE = {
    "no JSON": "\x07{]" * 100,
    "another type": json.dumps([1, 2]),
    "wrong types": json.dumps({"server": "mx1", "podUid": "x", "sessions": "many"}),
    "another server": json.dumps({"server": "mx2", "podUid": "x"}),
    "deep": "[" * 5000,
    "a megabyte": json.dumps({"server": "mx1", "podUid": "x" * 900_000}),
}


async def one(world: World) -> None:
    await world.create(pool(world.namespace), server(world.namespace, "mx1", weight=10))
    await world.routed({"mx1": 10})


async def lanes(world: World) -> Lanes | None:
    grant = await world.grant("mx1")
    return grant.lanes if grant else None


async def test_a_mismatch_closes_and_the_truth_opens(world: World) -> None:
    await one(world)
    world.relays["mx1"].seen = "192.0.2.66"
    await world.routed({"mx1": 0})
    assert "192.0.2.66" in await world.says("mx1", "EgressVerified", "False/Mismatch")
    assert await lanes(world) is Lanes.CLOSED
    world.relays["mx1"].seen = None
    await world.routed({"mx1": 10})


async def test_an_unreachable_check_keeps_what_was_verified(world: World) -> None:
    await one(world)
    world.relays["mx1"].error = "connection refused"
    assert "open until" in await world.says("mx1", "EgressVerified", "Unknown/Unreachable")
    assert await world.weights() == {"mx1": 10}


async def test_a_check_that_never_succeeded_opens_nothing(world: World) -> None:
    world.relays["mx1"].error = "connection refused"
    await world.create(pool(world.namespace), server(world.namespace, "mx1"))
    assert "connection refused" in await world.says("mx1", "EgressVerified", "Unknown/NotVerified")
    await world.routed({"mx1": 0})
    assert await lanes(world) is Lanes.CLOSED


async def test_a_new_pod_has_to_verify_again(world: World) -> None:
    await one(world)
    pod = await world.must(POD, "mx1-relay-0")
    world.relays["mx1"].reports = False
    await world.delete(POD, "mx1-relay-0")

    async def replaced() -> bool:
        new = await world.get(POD, "mx1-relay-0")
        return new is not None and uid_of(new) != uid_of(pod) and "podIP" in new.get("status", {})

    await until(replaced, what="a new pod")
    await world.says("mx1", "EgressVerified", "Unknown/NoReport")
    await world.routed({"mx1": 0})
    assert await lanes(world) is Lanes.CLOSED
    world.relays["mx1"].reports = True
    await world.routed({"mx1": 10})


async def test_mode_off_opens_and_says_so(world: World) -> None:
    await world.create(pool(world.namespace, egressCheck={"mode": "Off"}), server(world.namespace, "mx1", weight=7))
    await world.routed({"mx1": 7})
    await world.says("mx1", "EgressVerified", "Unknown/Disabled")


async def test_a_relay_that_never_reported_gets_no_mail(world: World) -> None:
    """It would be deleted as one that never had any: here its report belongs to somebody else."""
    foreign = {"name": report_name("mx1"), "namespace": world.namespace}
    await world.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": foreign})
    await world.create(pool(world.namespace, egressCheck={"mode": "Off"}), server(world.namespace, "mx1", weight=7))
    await world.says("mx1", "EgressVerified", "Unknown/Disabled")
    await world.says("mx1", "Reconciled", "False/Conflict")
    await world.routed({"mx1": 0})


async def test_a_smarthost_needs_no_check(world: World) -> None:
    body = server(world.namespace, "out", weight=3)
    del body["spec"]["relay"]
    body["spec"]["smarthost"] = {"host": "smtp.example.net"}
    await world.create(pool(world.namespace), body)
    await world.routed({"out": 3})
    await world.says("out", "EgressVerified", "True/NotRequired")


@pytest.mark.parametrize("text", GARBAGE.values(), ids=GARBAGE)
async def test_garbage_is_told_and_changes_no_traffic(world: World, text: str) -> None:
    await one(world)
    world.relays["mx1"].reports = False
    await world.relays.write_report("mx1", text)
    await world.says("mx1", "EgressVerified", "Unknown/ReportInvalid")
    await world.says("mx1", "Ready", "Unknown/ReportInvalid")
    assert await world.weights() == {"mx1": 10}
    assert await lanes(world) is Lanes.OPEN


async def test_data_that_are_no_report_at_all(world: World) -> None:
    await one(world)
    world.relays["mx1"].reports = False
    await world.patch(CONFIG_MAP, report_name("mx1"), {"data": None})
    await world.says("mx1", "EgressVerified", "Unknown/NoReport")
    assert await world.weights() == {"mx1": 10}
    status = (await world.must(SMTP_POOL, "marketing"))["status"]
    assert status["inTraffic"] == 1
    assert (await world.must(SMTP_SERVER, "mx1"))["status"]["weight"] == 10
