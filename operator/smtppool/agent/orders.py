"""Routing and grant from the API server, with a copy on the volume for when it is away.

A document that cannot be read is refused, and the last good one stays in force. An object that was deleted changes
nothing either: what a relay may do ends by a grant that says so.
"""

import asyncio
import hashlib
import logging
import random
import time
from collections.abc import Callable
from typing import Any, Final, Generic, NamedTuple, TypeVar

from pydantic import ValidationError

from smtppool.agent.facts import Board
from smtppool.agent.settings import Settings
from smtppool.api import names
from smtppool.api.base import Model
from smtppool.api.documents import Grant, Routing
from smtppool.api.names import Key
from smtppool.kube import files
from smtppool.kube.client import Api
from smtppool.kube.errors import ApiError
from smtppool.kube.kinds import CONFIG_MAP, Body
from smtppool.kube.watch import follow

log = logging.getLogger(__name__)

WATCH_SECONDS: Final = 60  # a connection that died silently is noticed after this
FIRST_DELAY: Final = 0.2
LONGEST_DELAY: Final = 5.0
SAVE_RETRY: Final = 2.0

Document = TypeVar("Document", bound=Model)


class Source(NamedTuple, Generic[Document]):
    """One document: its object, its key in the object, its model, and who takes it."""

    object_name: str
    key: str
    model: type[Document]
    take: Callable[[Document, str, float], None]


def routing_source(settings: Settings, board: Board) -> Source[Routing]:
    """The pool's routing, into the facts."""
    return Source(
        names.routing_name(settings.pool),
        names.ROUTING_KEY,
        Routing,
        lambda routing, digest, at: board.update(routing=routing, routing_hash=digest, routing_at=at),
    )


def grant_source(settings: Settings, board: Board) -> Source[Grant]:
    """The server's grant, into the facts."""
    return Source(
        names.grant_name(settings.server),
        names.GRANT_KEY,
        Grant,
        lambda grant, _, at: board.update(grant=grant, grant_at=at),
    )


class Follower(Generic[Document]):
    """One document from the copy first, then from the API server for ever."""

    def __init__(self, source: Source[Document], *, settings: Settings) -> None:
        self._source = source
        self._key = Key(settings.namespace, source.object_name)
        self._copy = settings.paths.at(names.STATE_DIR) / source.key
        self._held: tuple[str, Document] | None = None
        self._refused: tuple[str | None] | None = None  # what was refused last: said once, not at each repetition
        self._unsaved = asyncio.Event()
        self.connected = False

    def restore(self) -> None:
        """Take the copy, if there is one, with the time at which it was last confirmed."""
        try:
            text, at = self._copy.read_text(), self._copy.stat().st_mtime
        except OSError:
            return
        if self._take(text, at):
            log.info("copy in force", extra={"document": self._source.key, "ageSeconds": round(time.time() - at)})

    async def run(self, api: Api, beat: Callable[[], None]) -> None:
        """Follow the object; after any error begin again, sooner at first.

        Beats at every answer and every failure: a minute apart, at most some 100 s if the API server is silent.
        """
        delay = FIRST_DELAY
        while True:
            try:
                async for body in follow(api, CONFIG_MAP, self._key, watch_seconds=WATCH_SECONDS):
                    self.connected, delay = True, FIRST_DELAY
                    self._receive(body)
                    beat()
            except ApiError as error:
                log.warning("watch broke", extra={"document": self._source.key, "cause": str(error)})
                beat()
            self.connected = False
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
            delay = min(delay * 2, LONGEST_DELAY)

    async def keep(self) -> None:
        """Save what is in force, after it is: mail does not wait for the disk, nor one document for another's.

        The copy's time of modification is when the API server last confirmed it.
        """
        while True:
            await self._unsaved.wait()
            self._unsaved.clear()
            if self._held is None:
                continue
            try:
                await asyncio.to_thread(self._write, self._held[0])
            except OSError as error:
                log.warning("copy not kept", extra={"document": self._source.key, "cause": repr(error)})
                self._unsaved.set()
                await asyncio.sleep(SAVE_RETRY)  # the directory comes with Postfix, which starts after the agent

    def _receive(self, body: Body | None) -> None:
        text = ((body or {}).get("data") or {}).get(self._source.key)
        if not isinstance(text, str):
            if self._is_news(None):
                log.warning("document is absent; the last one stays in force", extra={"document": self._source.key})
        elif self._take(text, time.time()):
            self._unsaved.set()

    def _take(self, text: str, at: float) -> bool:
        if self._held is None or self._held[0] != text:
            try:
                self._held = (text, self._source.model.model_validate_json(text))
            except ValueError as error:
                if self._is_news(text):
                    fault = _refusal(self._source.key, error)
                    log.error("document refused; the last one stays in force", extra=fault)  # noqa: TRY400
                return False
        self._refused = None
        self._source.take(self._held[1], hashlib.sha256(text.encode()).hexdigest(), at)
        return True

    def _is_news(self, refused: str | None) -> bool:
        before, self._refused = self._refused, (refused,)
        return before != self._refused

    def _write(self, text: str) -> None:
        if self._copy.exists() and self._copy.read_text() == text:
            self._copy.touch()
        else:
            files.replace_durable(self._copy, text)


def _refusal(document: str, error: ValueError) -> dict[str, Any]:
    """Where and why, never the values."""
    if not isinstance(error, ValidationError):
        return {"document": document}
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    return {"document": document, "faults": [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in faults]}
