"""Complete the cache before any worker runs: a decision on half a list would take live members for missing ones.

Also repeats the lists now and then: a watch that had to begin again does not tell what was deleted meanwhile.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import NamedTuple

from smtppool.api.names import Key
from smtppool.kube.cache import Cache, Ref
from smtppool.kube.client import Api
from smtppool.kube.errors import GoneError, UnavailableError
from smtppool.kube.kinds import Kind, key_of
from smtppool.policy.verdict import listed

logger = logging.getLogger(__name__)
Sources = Mapping[Kind, str | None]  # kind -> label selector of its watch
PRIME_TIMEOUT = 120.0
STALLED_AFTER = 20.0  # seconds without another object delivered
PAGE = 20  # objects in one answer: each ConfigMap may hold a mebibyte, and anybody may give his our label
NAMED = 10  # objects in one warning
RELIST_AFTER = 1.0  # seconds in which the watches deliver what is listed, else something listed is gone again


async def prime(api: Api, cache: Cache, sources: Sources, *, limit: float = PRIME_TIMEOUT) -> None:
    """List every kind and wait until its watch has delivered all of it, so that later deletions are told too.

    What no watch delivers while others come is taken from the list after STALLED_AFTER, with a warning: its deletion is
    found by a later resync. Raises TimeoutError after `limit` seconds, as where no watch delivers anything at all, and
    ApiError when a list is refused.
    """
    patience = _Patience()
    async with asyncio.timeout(limit):
        for kind, selector in sources.items():
            await _complete(api, cache, kind, selector, patience)
    cache.primed()


async def resync(api: Api, cache: Cache, sources: Sources) -> list[Ref]:
    """List every kind again; the objects that turned out to be new, changed or gone."""
    changed = []
    for kind, selector in sources.items():
        listed = await _list(api, cache, kind, selector)
        changed += [Ref(kind, key) for key in listed.changed]
    return changed


class _Patience:
    """Since when nothing more has come: over all kinds, as their watches run at one time."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Something came."""
        self._since = _now()

    @property
    def is_over(self) -> bool:
        """Whether to go on without the rest."""
        return _now() - self._since >= STALLED_AFTER


async def _complete(api: Api, cache: Cache, kind: Kind, selector: str | None, patience: _Patience) -> None:
    missing: set[Key] = set()
    while True:
        listed = await _list(api, cache, kind, selector)
        delivered = await _delivered(cache, kind, listed.keys)
        before, missing = missing, set(cache.unwatched(kind, listed.keys))
        if before - missing:
            patience.renew()
        if delivered:
            return
        if cache.fed and patience.is_over:
            logger.warning("no watch has delivered %s; going on with the list", _names(kind, missing))
            return


def _names(kind: Kind, keys: set[Key]) -> str:
    names = [f"{key.namespace}/{key.name}" if key.namespace else key.name for key in sorted(keys)]
    return f"{kind.name} {listed(names, most=NAMED)}"


class _Listed(NamedTuple):
    """Keys of a complete list, and of what was not known or is gone."""

    keys: frozenset[Key]
    changed: list[Key]


async def _list(api: Api, cache: Cache, kind: Kind, selector: str | None) -> _Listed:
    """Page by page into the cache, which keeps of each object what we look at."""
    keys: set[Key] = set()
    changed: list[Key] = []
    more: str | None = ""
    while more is not None:
        try:
            page = await api.page(kind, label_selector=selector, size=PAGE, after=more)
        except GoneError as error:  # the moment of the first page is too long ago
            raise UnavailableError(f"{error}: begin again", status=error.status) from error
        keys.update(map(key_of, page.bodies))
        changed += [key_of(body) for body in page.bodies if cache.store(body)]
        more = page.more or None
    return _Listed(frozenset(keys), changed + cache.keep(kind, keys, page.version))


async def _delivered(cache: Cache, kind: Kind, listed: frozenset[Key]) -> bool:
    """Whether the watch delivers everything listed in time; False means: list again."""
    try:
        async with asyncio.timeout(RELIST_AFTER):
            while cache.unwatched(kind, listed):
                cache.progress.clear()
                await cache.progress.wait()
    except TimeoutError:
        return False
    return True


def _now() -> float:
    return asyncio.get_running_loop().time()
