"""A relay that does not start: the reason is in Ready within 30 s, from what kubelet and scheduler say."""

from typing import Any

import pytest

from smtppool.api.names import Key
from smtppool.kube.kinds import POD, SMTP_SERVER
from tests.contract.operator.objects import pool, server
from tests.contract.operator.waiting import until
from tests.contract.operator.world import World


def waiting(reason: str, message: str) -> dict[str, Any]:
    state = {"waiting": {"reason": reason, "message": message}}
    container = {"name": "postfix", "image": "relay", "imageID": "", "ready": False, "restartCount": 0, "state": state}
    return {"phase": "Pending", "containerStatuses": [container]}


CASES = {
    "image": (waiting("ErrImagePull", "no such tag"), "False/ErrImagePull", "no such tag"),
    "config": (waiting("CreateContainerConfigError", "no secret"), "False/CreateContainerConfigError", "no secret"),
    "crash": (waiting("CrashLoopBackOff", "back-off 10s"), "False/CrashLoopBackOff", "back-off"),
    "unschedulable": (
        {
            "phase": "Pending",
            "conditions": [
                {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes fit"}
            ],
        },
        "False/Unschedulable",
        "0/3 nodes fit",
    ),
    "not ready": (
        {"phase": "Running", "podIP": "10.244.9.9", "podIPs": [{"ip": "10.244.9.9"}]},
        "False/PodNotReady",
        "not ready",
    ),
}


@pytest.mark.parametrize(("status", "said", "words"), CASES.values(), ids=CASES)
async def test_the_cause_is_told(world: World, status: dict[str, Any], said: str, words: str) -> None:
    world.relays["mx1"].starts = False
    await world.create(pool(world.namespace), server(world.namespace, "mx1"))

    async def pod() -> bool:
        return await world.get(POD, "mx1-relay-0") is not None

    await until(pod, what="the pod")
    key = Key(world.namespace, "mx1-relay-0")
    await world.api.merge_patch(POD, key, {"status": status}, manager="kubelet", subresource="status")
    assert words in await world.says("mx1", "Ready", said)


async def test_a_missing_storage_class_is_named(world: World) -> None:
    world.relays["mx1"].starts = False
    queue = {"size": "1Gi", "storageClassName": "no-such-class"}
    await world.create(pool(world.namespace, queue=queue), server(world.namespace, "mx1"))

    async def named() -> bool:
        return "no-such-class" in (await world.condition(SMTP_SERVER, "mx1", "Ready")).get("message", "")

    await until(named, what="the storage class in Ready")
