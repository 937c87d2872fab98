"""The cache is ready when every watch has delivered what is listed, and not before."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from smtppool.api.names import Key
from smtppool.kube.cache import Cache
from smtppool.kube.client import Api, Page
from smtppool.kube.errors import GoneError, UnavailableError
from smtppool.kube.kinds import CONFIG_MAP, POD, Body, Kind
from smtppool.kube.prime import PAGE, STALLED_AFTER, prime, resync
from tests.unit.kube.bodies import body
from tests.unit.kube.clock import clocked


class Listed(Api):
    """An API server that lists what the test says."""

    def __init__(self, content: Callable[[Kind], list[Body]]) -> None:
        self.content = content
        self.lists: list[tuple[Kind, str | None]] = []

    async def page(
        self, kind: Kind, *, label_selector: str | None = None, size: int | None = None, after: str = "", **_: Any
    ) -> Page:
        """Two objects at a time."""
        assert size == PAGE
        self.lists.append((kind, label_selector))
        start, content = int(after or 0), self.content(kind)
        return Page(content[start : start + 2], "100", str(start + 2) if start + 2 < len(content) else "")


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
async def test_an_object_that_no_watch_delivers_is_taken_from_the_list(caplog: pytest.LogCaptureFixture) -> None:
    cache = Cache()
    content = {CONFIG_MAP: [body("a"), body("stuck")], POD: [body("b", kind=POD), body("stuck too", kind=POD)]}
    task = asyncio.create_task(prime(Listed(lambda kind: content[kind]), cache, {CONFIG_MAP: None, POD: None}))
    await asyncio.sleep(5)
    cache.observe(None, body("a"))
    cache.observe(None, body("b", kind=POD))
    await asyncio.sleep(STALLED_AFTER - 2)
    assert not task.done(), "the last object came less than 20 s ago"
    await asyncio.sleep(6)
    assert task.done(), "both kinds had the same 20 s"
    assert cache.get(CONFIG_MAP, Key("mail", "stuck")) is not None
    assert [record.getMessage() for record in caplog.records] == [
        "no watch has delivered ConfigMap mail/stuck; going on with the list",
        "no watch has delivered Pod mail/stuck too; going on with the list",
    ]


@clocked
async def test_it_may_be_the_only_one_of_its_kind() -> None:
    cache = Cache()
    content = {CONFIG_MAP: [body("stuck")], POD: [body("b", kind=POD)]}
    cache.observe(None, body("b", kind=POD))
    async with asyncio.timeout(STALLED_AFTER + 2):
        await prime(Listed(lambda kind: content[kind]), cache, {CONFIG_MAP: None, POD: None})


@clocked
async def test_a_slow_watch_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    cache = Cache()
    content = [body(name) for name in "abcd"]
    task = asyncio.create_task(prime(Listed(lambda _: list(content)), cache, {CONFIG_MAP: None}))
    for one in content:
        await asyncio.sleep(STALLED_AFTER - 2)
        assert not task.done()
        cache.observe(None, one)
    await task
    assert not caplog.records


@clocked
async def test_a_warning_stays_short(caplog: pytest.LogCaptureFixture) -> None:
    cache = Cache()
    content = [body(f"n{number:02}") for number in range(14)]
    cache.observe(None, content[0])
    await prime(Listed(lambda _: list(content)), cache, {CONFIG_MAP: None})
    assert "mail/n01, mail/n02" in caplog.text
    assert "mail/n10 and 3 more;" in caplog.text


@clocked
async def test_resync_tells_what_changed() -> None:
    cache = Cache()
    for name in ("gone", "known"):
        cache.store(body(name))
    api = Listed(lambda _: [body(name) for name in ("a", "b", "c", "known", "z")])
    changed = await resync(api, cache, {CONFIG_MAP: None})
    assert [ref.key.name for ref in changed] == ["a", "b", "c", "z", "gone"]
    assert len(api.lists) == 3, "in pages"


@clocked
async def test_a_list_that_grows_too_old_is_begun_again_later() -> None:
    cache = Cache()
    cache.store(body("kept"))
    api = Listed(lambda _: [body(name) for name in "abc"])
    pages = api.page

    async def page(kind: Kind, *, after: str = "", **query: Any) -> Page:
        if after:
            raise GoneError("the continue parameter is too old", status=410)
        return await pages(kind, **query)

    api.page = page  # type: ignore[method-assign]
    with pytest.raises(UnavailableError, match="begin again"):
        await resync(api, cache, {CONFIG_MAP: None})
    assert cache.get(CONFIG_MAP, Key("mail", "kept")) is not None, "half a list proves no absence"
