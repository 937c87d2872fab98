"""What only the loop can know: conflicts, missing pools, foreign objects, two pools apart."""

import asyncio
import secrets

from smtppool.api.names import OWNER_UID, Key
from smtppool.kube.client import Api
from smtppool.kube.kinds import (
    CONFIG_MAP,
    IP_WARMUP_PLAN,
    NAMESPACE,
    SERVICE,
    SMTP_POOL,
    SMTP_SERVER,
    annotation,
    uid_of,
)
from tests.contract.operator.objects import fresh_address, plan, pool, server
from tests.contract.operator.relays import Relays
from tests.contract.operator.waiting import equals, until
from tests.contract.operator.world import World


class Elsewhere:
    """A second namespace with relays of its own."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._name = f"test-{secrets.token_hex(4)}"
        self._relays = Relays(api, self._name)

    async def __aenter__(self) -> World:
        metadata = {"name": self._name, "labels": {"pod-security.kubernetes.io/enforce": "baseline"}}
        await self._api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, manager="tests")
        return World(self._api, self._name, await self._relays.__aenter__())

    async def __aexit__(self, *_: object) -> None:
        await self._relays.__aexit__()
        body = await self._api.get(NAMESPACE, Key("", self._name))
        if body is not None:
            await self._api.delete(NAMESPACE, Key("", self._name), uid=uid_of(body))


async def test_the_older_object_keeps_an_address_in_another_namespace(world: World) -> None:
    address = fresh_address()
    await world.create(pool(world.namespace), server(world.namespace, "mx1", address, weight=10))
    await world.routed({"mx1": 10})
    await asyncio.sleep(1.1)  # creation times are whole seconds; within one the name decides
    async with Elsewhere(world.api) as other:
        await other.create(pool(other.namespace), server(other.namespace, "thief", address))
        message = await other.says("thief", "Accepted", "False/Conflict")
        assert f"{world.namespace}/mx1" in message
        assert address in message
        await other.says("thief", "Ready", "False/Conflict")
        assert not {name for name in await other.children() if "thief" in name}
        assert await world.weights() == {"mx1": 10}
        await world.delete(SMTP_SERVER, "mx1")
        await world.gone(SMTP_SERVER, "mx1")
        await other.says("thief", "Accepted", "True/Accepted")
        await other.routed({"thief": 100})


async def test_two_pools_of_one_name_do_not_see_each_other(world: World) -> None:
    async with Elsewhere(world.api) as other:
        await world.create(pool(world.namespace), server(world.namespace, "mx1", weight=1))
        await other.create(pool(other.namespace), server(other.namespace, "mx2", weight=2))
        await world.routed({"mx1": 1})
        await other.routed({"mx2": 2})


async def test_a_missing_pool_is_named_and_may_come_later(world: World) -> None:
    await world.create(server(world.namespace, "lost", pool="nowhere", weight=4))
    assert "nowhere" in await world.says("lost", "Accepted", "False/PoolNotFound")
    assert await world.children() == set()
    await world.create(pool(world.namespace, "nowhere"))

    async def weights() -> dict[str, int]:
        return await world.weights("nowhere")

    await equals(weights, {"lost": 4}, what="weights")


async def test_foreign_objects_are_not_adopted(world: World) -> None:
    mine = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mx1-config", "namespace": world.namespace}}
    await world.create(
        mine | {"data": {"mine": "yes"}},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "marketing", "namespace": world.namespace},
            "spec": {"ports": [{"port": 80}]},
        },
        pool(world.namespace),
        server(world.namespace, "mx1"),
    )
    assert "mx1-config" in await world.says("mx1", "Reconciled", "False/Conflict")
    await world.says("marketing", "Reconciled", "False/Conflict", kind=SMTP_POOL)
    config = await world.must(CONFIG_MAP, "mx1-config")
    assert config["data"] == {"mine": "yes"}
    assert annotation(config, OWNER_UID) is None
    await world.delete(CONFIG_MAP, "mx1-config")
    await world.delete(SERVICE, "marketing")
    await world.patch(SMTP_SERVER, "mx1", {"metadata": {"labels": {"look": "again"}}})
    await world.says("mx1", "Reconciled", "True/Reconciled")


async def test_a_plan_is_accepted_and_counts_its_servers(world: World) -> None:
    chosen = server(world.namespace, "mx1")
    chosen["metadata"]["labels"] = {"batch": "nov"}
    await world.create(pool(world.namespace), plan(world.namespace), chosen)
    await world.says("ramp", "Accepted", "True/Accepted", kind=IP_WARMUP_PLAN)
    await world.says("ramp", "Ready", "Unknown/NotEvaluated", kind=IP_WARMUP_PLAN)

    async def counted() -> bool:
        return bool((await world.must(IP_WARMUP_PLAN, "ramp"))["status"]["servers"] == 1)

    await until(counted, what="one server")
