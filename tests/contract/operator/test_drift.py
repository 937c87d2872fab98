"""Every child that is deleted or edited is as it was within five seconds."""

from typing import Any

import pytest

from smtppool.api.names import BLOCKED
from smtppool.kube.kinds import (
    CONFIG_MAP,
    NETWORK_POLICY,
    PERSISTENT_VOLUME_CLAIM,
    POD_DISRUPTION_BUDGET,
    ROLE,
    ROLE_BINDING,
    SERVICE,
    SERVICE_ACCOUNT,
    SMTP_POOL,
    STATEFUL_SET,
    Kind,
    uid_of,
)
from tests.contract.operator.objects import pool, server
from tests.contract.operator.waiting import until
from tests.contract.operator.world import World

SOON = 5.0
DELETED = [
    (CONFIG_MAP, "mx1-config"),
    (CONFIG_MAP, "mx1-grant"),
    (CONFIG_MAP, "mx1-report"),
    (CONFIG_MAP, "marketing-routing"),
    (NETWORK_POLICY, "mx1-relay"),
    (POD_DISRUPTION_BUDGET, "marketing"),
    (ROLE, "mx1-relay"),
    (ROLE_BINDING, "mx1-relay"),
    (SERVICE, "marketing"),
    (SERVICE, "mx1-relay"),
    (SERVICE_ACCOUNT, "mx1-relay"),
    (STATEFUL_SET, "mx1-relay"),
]
NEVER = {"key": "no-pod-has-this", "operator": "Exists"}
EDITED: list[tuple[Kind, str, dict[str, Any]]] = [
    (CONFIG_MAP, "mx1-config", {"data": {"main.cf": "relayhost = evil"}}),
    (CONFIG_MAP, "mx1-grant", {"data": {"grant.json": "{}"}}),
    (CONFIG_MAP, "marketing-routing", {"data": {"routing.json": "nonsense"}}),
    (NETWORK_POLICY, "mx1-relay", {"spec": {"ingress": []}}),
    (NETWORK_POLICY, "mx1-relay", {"spec": {"podSelector": {"matchExpressions": [NEVER]}}}),
    (POD_DISRUPTION_BUDGET, "marketing", {"spec": {"minAvailable": 7}}),
    (ROLE, "mx1-relay", {"rules": []}),
    (SERVICE, "marketing", {"spec": {"selector": {"app": "evil"}}}),
    (STATEFUL_SET, "mx1-relay", {"spec": {"replicas": 0}}),
    (STATEFUL_SET, "mx1-relay", {"metadata": {"finalizers": None}}),
    (PERSISTENT_VOLUME_CLAIM, "mx1-queue", {"metadata": {"finalizers": None}}),
    (SERVICE_ACCOUNT, "mx1-relay", {"metadata": {"labels": {"smtppool.io/server": None}}}),
    (SERVICE_ACCOUNT, "mx1-relay", {"metadata": {"labels": {"app.kubernetes.io/part-of": None}}}),
]


async def settled(world: World) -> None:
    await world.create(pool(world.namespace), server(world.namespace, "mx1", weight=10))
    await world.routed({"mx1": 10})
    await world.says("mx1", "Ready", "True/Ready")


async def test_deleted_children_come_back(world: World) -> None:
    await settled(world)
    for kind, name in DELETED:
        before = await world.must(kind, name)
        await world.delete(kind, name)

        async def back(kind: Kind = kind, name: str = name, uid: str = uid_of(before)) -> bool:
            now = await world.get(kind, name)
            return now is not None and uid_of(now) != uid

        await until(back, what=f"{kind.name} {name} is made again", within=SOON)
    await world.routed({"mx1": 10})


@pytest.mark.parametrize(
    ("kind", "name", "edit"), EDITED, ids=[f"{kind.name}-{name}-{next(iter(edit))}" for kind, name, edit in EDITED]
)
async def test_an_edited_child_is_corrected(world: World, kind: Kind, name: str, edit: dict[str, Any]) -> None:
    await settled(world)
    before = await world.must(kind, name)
    await world.patch(kind, name, edit)

    async def corrected() -> bool:
        return _content(await world.must(kind, name)) == _content(before)

    await until(corrected, what=f"{kind.name} {name} is as before", within=SOON)


async def test_a_deleted_queue_is_held_and_says_why(world: World) -> None:
    await settled(world)
    await world.delete(PERSISTENT_VOLUME_CLAIM, "mx1-queue")
    assert "mx1-queue" in await world.says("mx1", "Reconciled", "False/VolumeTerminating")
    claim = await world.must(PERSISTENT_VOLUME_CLAIM, "mx1-queue")
    assert "mx1" in claim["metadata"]["annotations"][BLOCKED]
    assert await world.weights() == {"mx1": 10}


async def test_a_queue_removed_by_force_is_made_again(world: World) -> None:
    await settled(world)
    before = await world.must(PERSISTENT_VOLUME_CLAIM, "mx1-queue")
    await world.delete(PERSISTENT_VOLUME_CLAIM, "mx1-queue")
    await world.says("mx1", "Ready", "False/VolumeTerminating")
    await world.patch(PERSISTENT_VOLUME_CLAIM, "mx1-queue", {"metadata": {"finalizers": None}})

    async def back() -> bool:
        now = await world.get(PERSISTENT_VOLUME_CLAIM, "mx1-queue")
        return now is not None and uid_of(now) != uid_of(before)

    await until(back, what="the claim is made again", within=SOON)
    await world.says("mx1", "Ready", "True/Ready")


async def test_a_queue_that_cannot_be_made_again_is_told_as_missing(world: World) -> None:
    """Its size and class are the pool's, and the pool was removed by force as well: what runs stays as it is."""
    await settled(world)
    await world.annotate(SMTP_POOL, "marketing", paused="true")  # else it takes its servers with it
    await world.says("marketing", "Reconciled", "False/Paused", kind=SMTP_POOL)
    for kind, name in ((SMTP_POOL, "marketing"), (PERSISTENT_VOLUME_CLAIM, "mx1-queue")):
        await world.delete(kind, name)
        await world.patch(kind, name, {"metadata": {"finalizers": None}})
        await world.gone(kind, name)
    assert "marketing" in await world.says("mx1", "Accepted", "False/PoolNotFound")
    assert "volume claim does not exist" in await world.says("mx1", "Ready", "False/VolumeMissing")
    assert await world.weights() == {"mx1": 10}


def _content(body: dict[str, Any]) -> dict[str, Any]:
    """All that was stated, without what the API server counts."""
    metadata = {name: body["metadata"].get(name) for name in ("labels", "annotations")}
    metadata["finalizers"] = sorted(body["metadata"].get("finalizers", []))
    fields = {name: value for name, value in body.items() if name not in {"metadata", "status"}}
    return fields | {"metadata": metadata}
