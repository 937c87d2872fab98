"""A namespace that is deleted: empty queues let it go, mail holds it until somebody decides."""

import pytest

from smtppool.api.documents import QueueDepth
from smtppool.api.names import BLOCKED, FINALIZER, Key
from smtppool.kube.kinds import EVENT, NAMESPACE, PERSISTENT_VOLUME_CLAIM, SMTP_SERVER, uid_of
from tests.contract.operator.objects import pool, server
from tests.contract.operator.process import OperatorProcess
from tests.contract.operator.waiting import until
from tests.contract.operator.world import World

MAIL = QueueDepth(deferred=10)


async def one(world: World) -> None:
    await world.create(pool(world.namespace), server(world.namespace, "mx1", weight=10))
    await world.routed({"mx1": 10})


async def delete_namespace(world: World) -> None:
    body = await world.api.get(NAMESPACE, Key("", world.namespace))
    assert body is not None
    await world.api.delete(NAMESPACE, Key("", world.namespace), uid=uid_of(body))


async def namespace_gone(world: World) -> None:
    async def gone() -> bool:
        return await world.api.get(NAMESPACE, Key("", world.namespace)) is None

    await until(gone, what="the namespace is gone", within=60)


async def test_an_empty_one_goes(world: World) -> None:
    await one(world)
    await delete_namespace(world)
    await namespace_gone(world)


@pytest.mark.parametrize("restart", [False, True], ids=["", "operator-restart"])
async def test_mail_holds_it(world: World, operator: OperatorProcess, restart: bool) -> None:
    await one(world)
    world.relays["mx1"].queue = MAIL

    async def known() -> bool:
        return bool((await world.must(SMTP_SERVER, "mx1"))["status"].get("queue", {}).get("messages") == 10)

    await until(known, what="the depth in the status")
    await delete_namespace(world)
    if restart:
        operator.kill()
        operator.start()

    async def held() -> bool:
        claim = await world.must(PERSISTENT_VOLUME_CLAIM, "mx1-queue")
        return "10 messages" in claim["metadata"].get("annotations", {}).get(BLOCKED, "")

    await until(held, what="the claim says why it is held", within=40)
    assert FINALIZER in (await world.must(PERSISTENT_VOLUME_CLAIM, "mx1-queue"))["metadata"]["finalizers"]
    await world.says("mx1", "DrainBlocked", "True/MailQueued")
    body = await world.api.get(NAMESPACE, Key("", world.namespace))
    assert body is not None
    assert body["status"]["phase"] == "Terminating"

    async def told() -> bool:
        events, _ = await world.api.list(EVENT, namespace="default")
        return any(world.namespace in event["message"] and event["reason"] == "MailQueued" for event in events)

    await until(told, what="an Event about the namespace")
    await world.annotate(SMTP_SERVER, "mx1", queue_decision="drop")
    await namespace_gone(world)
