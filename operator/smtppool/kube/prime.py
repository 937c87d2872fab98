"""Complete the cache before any worker runs: a decision on half a list would take live members for missing ones.

Also repeats the lists now and then: a watch that had to begin again does not tell what was deleted meanwhile.
"""

import asyncio
from collections.abc import Mapping

from smtppool.kube.cache import Cache, Ref
from smtppool.kube.client import Api
from smtppool.kube.kinds import Body, Kind

Sources = Mapping[Kind, str | None]  # kind -> label selector of its watch
PRIME_TIMEOUT = 120.0
RELIST_AFTER = 1.0  # seconds in which the watches deliver what is listed, else something listed is gone again


async def prime(api: Api, cache: Cache, sources: Sources, *, limit: float = PRIME_TIMEOUT) -> None:
    """List every kind and wait until its watch has delivered all of it, so that later deletions are told too.

    Raises TimeoutError after `limit` seconds and ApiError when a list is refused.
    """
    async with asyncio.timeout(limit):
        for kind, selector in sources.items():
            listed = await _list(api, cache, kind, selector)
            while not await _delivered(cache, kind, listed):
                listed = await _list(api, cache, kind, selector)
    cache.primed()


async def resync(api: Api, cache: Cache, sources: Sources) -> list[Ref]:
    """List every kind again; the objects that turned out to be new, changed or gone."""
    changed = []
    for kind, selector in sources.items():
        bodies, version = await api.list(kind, label_selector=selector)
        changed += [Ref(kind, key) for key in cache.resync(kind, bodies, version)]
    return changed


async def _list(api: Api, cache: Cache, kind: Kind, selector: str | None) -> list[Body]:
    bodies, version = await api.list(kind, label_selector=selector)
    cache.resync(kind, bodies, version)
    return bodies


async def _delivered(cache: Cache, kind: Kind, listed: list[Body]) -> bool:
    """Whether the watch delivers everything listed in time; False means: list again."""
    try:
        async with asyncio.timeout(RELIST_AFTER):
            while cache.unwatched(kind, listed):
                cache.progress.clear()
                await cache.progress.wait()
    except TimeoutError:
        return False
    return True
