"""The user's word on mail that cannot be delivered: lose it, or keep the volume."""

from smtppool.api.documents import QueueDepth
from smtppool.api.names import Key
from smtppool.kube.kinds import PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, SMTP_SERVER, uid_of
from tests.contract.operator.objects import pool, server
from tests.contract.operator.waiting import until
from tests.contract.operator.world import World

MAIL = QueueDepth(active=1, deferred=9)


async def one(world: World) -> None:
    await world.create(pool(world.namespace), server(world.namespace, "mx1", weight=10))
    await world.routed({"mx1": 10})


async def test_the_user_may_drop_the_mail(world: World) -> None:
    await one(world)
    world.relays["mx1"].queue = MAIL
    await world.delete(SMTP_SERVER, "mx1")
    await world.says("mx1", "DrainBlocked", "True/MailQueued")
    await world.annotate(SMTP_SERVER, "mx1", queue_decision="drop")
    await world.gone(SMTP_SERVER, "mx1")
    assert not [name for name in await world.children() if "mx1" in name]


async def test_a_save_waits_until_the_volume_is_kept(world: World) -> None:
    await one(world)
    world.relays["mx1"].queue = MAIL
    volume = await bound_volume(world)
    await world.delete(SMTP_SERVER, "mx1")
    await world.says("mx1", "DrainBlocked", "True/MailQueued")
    await world.annotate(SMTP_SERVER, "mx1", queue_decision="save")
    assert "smtppool queue save" in await world.says("mx1", "DrainBlocked", "True/VolumeNotKept")
    await world.must(PERSISTENT_VOLUME_CLAIM, "mx1-queue")
    await world.api.merge_patch(
        PERSISTENT_VOLUME, volume, {"spec": {"persistentVolumeReclaimPolicy": "Retain"}}, manager="tests"
    )
    await world.gone(SMTP_SERVER, "mx1")
    kept = await world.api.get(PERSISTENT_VOLUME, volume)
    assert kept is not None
    await world.api.delete(PERSISTENT_VOLUME, volume, uid=uid_of(kept))


async def bound_volume(world: World) -> Key:
    """A volume behind the claim, as a provisioner would make it."""
    name = f"pv-{world.namespace}"
    claim = {"namespace": world.namespace, "name": "mx1-queue"}
    spec = {
        "capacity": {"storage": "10Gi"},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Delete",
        "claimRef": claim,
        "hostPath": {"path": "/nowhere"},
    }
    await world.create({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec})

    async def bound() -> bool:
        return bool((await world.must(PERSISTENT_VOLUME_CLAIM, "mx1-queue"))["status"].get("phase") == "Bound")

    await until(bound, what="the claim is bound", within=40)
    return Key("", name)
