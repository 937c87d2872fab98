"""Servers from addresses, and members that come and go."""

from typing import Any

from smtppool.api.names import ENTRY, FROM_ADDRESS
from smtppool.kube.kinds import POD, SMTP_POOL, SMTP_SERVER, label
from tests.contract.operator.objects import pool, server
from tests.contract.operator.waiting import equals, until
from tests.contract.operator.world import World

TEMPLATE: dict[str, Any] = {"spec": {"weight": 20, "warmup": {"mode": "Warm"}}}


def addresses(*last: int) -> list[dict[str, str]]:
    return [{"address": f"198.51.100.{one}", "hostname": f"mx{one}.example.com"} for one in last]


async def test_addresses_become_servers_and_leave_with_them(world: World) -> None:
    await world.create(pool(world.namespace, addresses=addresses(61, 62), serverTemplate=TEMPLATE))
    await world.routed({"marketing-198-51-100-61": 20, "marketing-198-51-100-62": 20})
    made = await world.must(SMTP_SERVER, "marketing-198-51-100-61")
    assert label(made, FROM_ADDRESS) == "198.51.100.61"
    await world.patch(SMTP_SERVER, "marketing-198-51-100-61", {"spec": {"weight": 3}})

    async def weight() -> int:
        return int((await world.must(SMTP_SERVER, "marketing-198-51-100-61"))["spec"]["weight"])

    await equals(weight, 20, what="the weight of the template", within=5)
    await world.patch(SMTP_POOL, "marketing", {"spec": {"addresses": addresses(62, 63)}})
    await world.gone(SMTP_SERVER, "marketing-198-51-100-61")
    await world.routed({"marketing-198-51-100-62": 20, "marketing-198-51-100-63": 20})


async def test_members_come_and_go(world: World) -> None:
    await world.create(pool(world.namespace), server(world.namespace, "mx1", weight=1))
    await world.routed({"mx1": 1})
    await world.create(server(world.namespace, "mx2", weight=2))
    await world.routed({"mx1": 1, "mx2": 2})
    await world.delete(SMTP_SERVER, "mx1")
    await world.gone(SMTP_SERVER, "mx1")
    await world.routed({"mx2": 2})
    assert not [name for name in await world.children() if "mx1" in name]


async def test_entries_are_labelled_and_at_most_as_many_as_stated(world: World) -> None:
    servers = [server(world.namespace, f"mx{n}") for n in range(3)]
    await world.create(pool(world.namespace, entry={"replicas": 2}), *servers)
    await world.routed({"mx0": 100, "mx1": 100, "mx2": 100})

    async def entries() -> list[str]:
        pods = {name: await world.get(POD, f"{name}-relay-0") for name in ("mx0", "mx1", "mx2")}
        return [name for name, body in pods.items() if body is not None and ENTRY in body["metadata"]["labels"]]

    async def checking() -> list[str]:
        routing = await world.routing()
        return [member.name for member in routing.members if member.entry] if routing else []

    async def two() -> list[str]:
        return found if len(found := await entries()) == 2 else []

    gone, stays = await until(two, what="two entries")  # the first two that were there
    await equals(checking, ["mx0", "mx1", "mx2"], what="three check, so that one alone decides nothing")
    spare = next(name for name in ("mx0", "mx1", "mx2") if name not in {gone, stays})
    await world.patch(SMTP_SERVER, gone, {"spec": {"desiredState": "Drained"}})
    await equals(entries, sorted([stays, spare]), what="a drained one leaves")
