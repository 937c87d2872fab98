"""One object by its name, as it is and as it changes: for programs whose token may read nothing else.

An object that does not change is given again whenever the API server says that nothing came: consumers learn how old
their knowledge is, and must take a repetition for free. Ends only by an error: the caller decides how long to wait
before it begins again.
"""

import json
import time
from collections.abc import AsyncIterator

from smtppool.api.names import Key
from smtppool.kube.client import Api
from smtppool.kube.errors import GoneError, UnavailableError
from smtppool.kube.kinds import Body, Kind

SHORTEST_SECONDS = 1.0  # a watch that ends sooner without an event is trouble: begun again at once, it would never rest
WATCH_SECONDS = 300  # then a new watch; also the longest time that a dead connection can go unnoticed


async def follow(api: Api, kind: Kind, key: Key, *, watch_seconds: int = WATCH_SECONDS) -> AsyncIterator[Body | None]:
    """The object now (None: absent), after every change, and again about once a minute while it stays the same.

    Repeated at bookmarks and where the server ends a watch in order; a connection that breaks confirms nothing. Raises
    ApiError; begin again after any of them.
    """
    items, version = await api.list(kind, namespace=key.namespace, name=key.name)
    known = items[0] if items else None
    yield known
    while True:
        begun, came = time.monotonic(), False
        async for event in _events(api, kind, key, version, watch_seconds):
            came = True
            body = event["object"]
            version = body["metadata"]["resourceVersion"]
            match event["type"]:
                case "ADDED" | "MODIFIED":
                    known = body
                case "DELETED":
                    known = None
            yield known  # after a bookmark: nothing has happened up to its version
        at_once = not came and time.monotonic() - begun < SHORTEST_SECONDS
        yield known
        if at_once:
            raise UnavailableError(f"watch {kind.resource} {key.name}: ended at once")


async def _events(api: Api, kind: Kind, key: Key, version: str, seconds: int) -> AsyncIterator[Body]:
    lines = api.stream(
        api.path(kind, Key(key.namespace, "")),
        seconds=seconds,
        resource_version=version,
        field_selector=f"metadata.name={key.name}",
        query_params=[("allowWatchBookmarks", "true")],
    )
    async for event in _parsed(lines, f"watch {kind.resource} {key.name}"):
        if event["type"] != "ERROR":
            yield event
            continue
        status = event["object"]
        error = GoneError if status.get("code") == 410 else UnavailableError
        raise error(f"watch {kind.resource} {key.name}: {status.get('message')}", status=int(status.get("code") or 0))


async def _parsed(lines: AsyncIterator[bytes], what: str) -> AsyncIterator[Body]:
    """A line that is cut off, as a server leaves it that ends, or longer than the client takes, is a broken watch."""
    try:
        async for line in lines:
            event: Body = json.loads(line)
            yield event
    except ValueError as error:
        raise UnavailableError(f"{what}: {error}", reason=type(error).__name__) from error
