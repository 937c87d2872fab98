"""The cache is ready when every watch has delivered what is listed, and not before."""

import asyncio
from collections.abc import Callable

import pytest

from smtppool.api.names import Key
from smtppool.kube.cache import Cache
from smtppool.kube.client import Api
from smtppool.kube.kinds import CONFIG_MAP, POD, Body, Kind
from smtppool.kube.prime import prime, resync
from tests.unit.kube.bodies import body
from tests.unit.kube.clock import clocked


class Listed(Api):
    """An API server that lists what the test says."""

    def __init__(self, content: Callable[[Kind], list[Body]]) -> None:
        self.content = content
        self.lists: list[tuple[Kind, str | None]] = []

    async def list(
        self, kind: Kind, *, namespace: str | None = None, label_selector: str | None = None, name: str | None = None
    ) -> tuple[list[Body], str]:
        self.lists.append((kind, label_selector))
        return self.content(kind), "100"


@clocked
async def test_waits_for_the_watch_of_every_kind() -> None:
    cache = Cache()
    content = {CONFIG_MAP: [body("a")], POD: [body("b", kind=POD)]}
    api = Listed(lambda kind: content[kind])
    task = asyncio.create_task(prime(api, cache, {CONFIG_MAP: "x=y", POD: None}))
    await asyncio.sleep(3)
    assert not task.done()
    cache.observe(None, body("a"))
    await asyncio.sleep(3)
    assert not task.done(), "the pod is still missing"
    cache.observe(None, body("b", kind=POD))
    await task
    assert api.lists[0] == (CONFIG_MAP, "x=y")


@clocked
async def test_nothing_to_wait_for() -> None:
    await prime(Listed(lambda _: []), Cache(), {CONFIG_MAP: None})


@clocked
async def test_an_object_that_vanishes_before_the_watch_begins_is_not_waited_for() -> None:
    cache = Cache()
    content = [body("a"), body("gone")]
    task = asyncio.create_task(prime(Listed(lambda _: list(content)), cache, {CONFIG_MAP: None}))
    await asyncio.sleep(0.5)
    del content[1]
    cache.observe(None, body("a"))
    await task
    assert cache.get(CONFIG_MAP, Key("mail", "gone")) is None


@clocked
async def test_a_watch_that_never_comes_is_an_error() -> None:
    with pytest.raises(TimeoutError):
        await prime(Listed(lambda _: [body("a")]), Cache(), {CONFIG_MAP: None}, limit=30)


@clocked
async def test_resync_tells_what_changed() -> None:
    cache = Cache()
    cache.store(body("gone"))
    changed = await resync(Listed(lambda _: [body("a")]), cache, {CONFIG_MAP: None})
    assert [ref.key.name for ref in changed] == ["a", "gone"]
