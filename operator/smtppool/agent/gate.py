"""Keeps the gate's table in step with the grant and the egress check, and proves that the gate follows it.

What is reported as in force is what the gate says, not what was written. When lanes close, Postfix is asked to reload
so that active mail asks again; when they open or hand over, the deferred queue is flushed so that held mail leaves,
after a reload, as the queue manager would go on with its last answer for 30 s. Both when a provider is excluded. The
queue is flushed when the gate was started anew, too: what Postfix wanted to deliver meanwhile was deferred.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol

from smtppool.agent import acted, verdict
from smtppool.agent.acted import Acted
from smtppool.agent.domains import DomainBook
from smtppool.agent.facts import Board
from smtppool.agent.settings import Settings
from smtppool.api import names
from smtppool.api.documents import Intake, Lanes
from smtppool.kube import files

log = logging.getLogger(__name__)

TIMEOUT: Final = 2.0
STATUS_INTERVAL: Final = 2.0


class Flush(Protocol):
    """Asks for an attempt at all deferred mail, with `again` for some more after it."""

    def __call__(self, *, again: bool) -> None: ...


class GateError(OSError):
    """The gate answers, but not as it should."""


async def ask(socket: Path, command: str) -> str:
    """One line to the gate's control socket, its answer; OSError when it is away or slow."""
    async with asyncio.timeout(TIMEOUT):
        reader, writer = await asyncio.open_unix_connection(str(socket))
        try:
            writer.write(command.encode() + b"\n")
            return (await reader.readline()).decode(errors="replace").strip()
        finally:
            writer.close()


class GateKeeper:
    """Writes the table, has it read, and acts on what changed."""

    def __init__(self, *, settings: Settings, board: Board, flush: Flush, domains: DomainBook) -> None:
        self._domains = domains
        self._settings = settings
        self._board = board
        self._flush = flush
        self._socket = settings.paths.at(names.GATE_CONTROL_SOCKET)
        self._file = settings.paths.at(names.GATE_TABLE)
        self._in_force: str | None = None
        self._asked = float("-inf")
        self._uptime = 0.0
        self._acted_file = settings.paths.at(names.GATE_ACTED)
        self._acted = acted.restore(self._acted_file)
        self._flush_again = acted.is_fresh(self._acted_file)

    async def turn(self) -> None:
        """Write and reload if the table is another; else ask the gate now and then. OSError when the gate is away."""
        facts = self._board.facts
        excluded = facts.grant.excluded if facts.grant else ()
        table = verdict.table(
            routing=facts.routing,
            grant=facts.grant,
            egress=facts.egress,
            pod_uid=self._settings.pod_uid,
            pod_address=self._settings.pod_ip,
            handed_over=self._domains.of(excluded),
        )
        content = table.model_dump_json(by_alias=True) if table else ""
        wanted = sha256(content.encode()).hexdigest()
        if table is not None and wanted != self._in_force:
            await self._enforce(content, wanted, table.lanes)
        elif time.monotonic() - self._asked >= STATUS_INTERVAL:
            self._take(await self._status())
        if table is not None and wanted == self._in_force:
            self._act(Acted(lanes=table.lanes, excluded=excluded))

    async def _enforce(self, content: str, digest: str, lanes: Lanes) -> None:
        before = Lanes((await self._status())["lanes"])
        if before is not lanes:  # whatever Postfix was told: this is what it hears
            self._note(before)
        files.replace(self._file, content)
        answer = await ask(self._socket, "reload")
        if answer != f"ok {digest}":
            raise GateError(f"gate did not take its table: {answer or 'no answer'}")
        self._take(await self._status())

    async def _status(self) -> dict[str, Any]:
        status: dict[str, Any] = json.loads(await ask(self._socket, "status"))
        return status

    def _take(self, status: dict[str, Any]) -> None:
        self._asked = time.monotonic()
        self._in_force = status["sha256"]
        uptime = float(status["uptimeSeconds"])
        started_anew, self._uptime = uptime < self._uptime, uptime
        self._board.update(gate_up=True, lanes=Lanes(status["lanes"]), intake=Intake(status["intake"]))
        if started_anew and self._board.facts.lanes is not Lanes.CLOSED:
            log.info("gate was started anew")
            self._flush(again=True)

    def _act(self, now: Acted) -> None:
        """Tell Postfix what it must ask again, until that has succeeded.

        A domain that is learned for an excluded provider waits for its next attempt, and an exclusion flushes once:
        each flush is an attempt at every other provider, too.
        """
        before = self._acted
        changed = before.lanes is not now.lanes
        excluded = now.lanes is Lanes.OPEN and not set(now.excluded) <= set(before.excluded)
        if changed:
            log.info("lanes changed", extra={"before": before.lanes.value, "now": now.lanes.value})
        if excluded or (changed and self._is_active(before.lanes)):
            self._settings.paths.at(names.RELOAD_REQUEST).touch()
        if now.lanes is not Lanes.CLOSED and (changed or excluded or self._flush_again):
            self._flush(again=changed or self._flush_again)
        self._keep(now)
        self._flush_again = False

    def _is_active(self, before: Lanes) -> bool:
        """Whether the queue manager may hold mail that has its way already."""
        queue = self._board.facts.queue
        return before is not Lanes.CLOSED or queue is None or queue.messages > 0

    def _note(self, before: Lanes) -> None:
        """Only a note: the gate must hear of closed lanes whatever becomes of it."""
        try:
            self._keep(self._acted.model_copy(update={"lanes": before}))
        except OSError as error:
            log.warning("what Postfix was told is not noted", extra={"cause": repr(error)})

    def _keep(self, now: Acted) -> None:
        if now != self._acted:
            acted.keep(self._acted_file, now)
            self._acted = now


async def follow(keeper: GateKeeper, *, board: Board, beat: Callable[[], None]) -> None:
    """Turn at every change, and every two seconds."""
    while True:
        seen = board.version
        try:
            await keeper.turn()
        except (OSError, ValueError, KeyError) as error:
            log.warning("gate does not answer", extra={"cause": repr(error)})
            board.update(gate_up=False)
        beat()
        await board.wait(seen, timeout=STATUS_INTERVAL)
