"""Finalizers, labels and annotations: only what differs is written, only to that very object."""

import pytest

from smtppool.api.names import Key
from smtppool.kube.cache import Cache
from smtppool.kube.client import Api
from smtppool.kube.errors import StaleError
from smtppool.kube.kinds import CONFIG_MAP, Body
from smtppool.kube.marks import Marker, finalizers
from tests.contract.kube.objects import config_map, version

OURS, THEIRS = "smtppool.io/queue", "example.com/theirs"


def marker(api: Api) -> Marker:
    return Marker(api=api, cache=Cache())


async def made(api: Api, namespace: str, *held: str) -> Body:
    manifest = config_map(namespace)
    manifest["metadata"]["finalizers"] = list(held)
    return await api.create(manifest, manager="tests")


async def test_labels_and_annotations(api: Api, namespace: str) -> None:
    before = await made(api, namespace)
    after = await marker(api).mark(before, labels={"x": "1", "absent": None}, annotations={"why": "a reason"})
    assert after is not None
    assert after["metadata"]["labels"] == {**before["metadata"]["labels"], "x": "1"}
    assert after["metadata"]["annotations"] == {"why": "a reason"}
    again = await marker(api).mark(after, labels={"x": "1"}, annotations={"why": "a reason"})
    assert again is after, "nothing differed, nothing was asked"
    cleared = await marker(api).mark(after, labels={"x": None})
    assert cleared is not None
    assert cleared["metadata"]["labels"] == before["metadata"]["labels"]


async def test_finalizers_of_others_stay(api: Api, namespace: str) -> None:
    held = await marker(api).add_finalizer(await made(api, namespace, THEIRS), OURS)
    assert held is not None
    assert finalizers(held) == [THEIRS, OURS]
    free = await marker(api).drop_finalizer(held, OURS)
    assert free is not None
    assert finalizers(free) == [THEIRS]


async def test_a_finalizer_that_came_meanwhile_is_not_lost(api: Api, namespace: str) -> None:
    seen = await made(api, namespace, OURS)
    await marker(api).add_finalizer(seen, THEIRS)
    with pytest.raises(StaleError):
        await marker(api).drop_finalizer(seen, OURS)


async def test_the_last_finalizer_lets_go(api: Api, namespace: str) -> None:
    cache = Cache()
    held = await made(api, namespace, OURS)
    key = Key(namespace, "a")
    await api.delete(CONFIG_MAP, key, uid=held["metadata"]["uid"])
    terminating = await api.get(CONFIG_MAP, key)
    assert terminating is not None
    cache.store(terminating)
    assert await Marker(api=api, cache=cache).drop_finalizer(terminating, OURS) is None
    assert cache.get(CONFIG_MAP, key) is None
    assert await api.get(CONFIG_MAP, key) is None


async def test_gone_and_made_anew(api: Api, namespace: str) -> None:
    seen = await made(api, namespace)
    await api.delete(CONFIG_MAP, Key(namespace, "a"), uid=seen["metadata"]["uid"])
    assert await marker(api).mark(seen, labels={"x": "1"}) is None
    successor = await made(api, namespace)
    with pytest.raises(StaleError):
        await marker(api).mark(seen, labels={"x": "1"})
    unchanged = await api.get(CONFIG_MAP, Key(namespace, "a"))
    assert unchanged is not None
    assert version(unchanged) == version(successor)
