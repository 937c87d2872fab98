"""The control interface on the container's own loopback: scripts in, record out.

Reached only by a program inside the container (`mailnetctl`), so it has no authentication. Long answers are written
in portions: reading 100,000 events must not hold up the sinks.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice

from aiohttp import web

from e2e.mailnet import echo, script
from e2e.mailnet.events import GROUPABLE, Event, EventLog, Filter, Tally
from e2e.mailnet.sink import Sinks

ADDRESS = "127.0.0.1"
PORT = 8025
_PORTION = 1000
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """The handlers; each answers JSON, errors as `{"error": reason}` with status 400 or 404."""

    def __init__(self, *, sinks: Sinks, echo_server: echo.Echo) -> None:
        self._sinks = sinks
        self._log: EventLog = sinks.log
        self._echo = echo_server

    def application(self) -> web.Application:
        """All routes."""
        app = web.Application(middlewares=[_refusals])
        app.router.add_get("/status", self._status)
        app.router.add_put("/providers/{name}", self._set)
        app.router.add_post("/reset", self._reset)
        app.router.add_post("/clear", self._clear)
        app.router.add_get("/counts", self._counts)
        app.router.add_get("/records", self._records)
        app.router.add_put("/echo", self._set_echo)
        return app

    async def _status(self, _request: web.Request) -> web.Response:
        providers = {
            name: {
                "address": sink.provider.address,
                "domains": list(sink.provider.domains),
                "rules": len(sink.behaviour.rules),
                "connections": {source: seen._asdict() for source, seen in sink.connections().items()},
            }
            for name, sink in self._sinks.by_name.items()
        }
        events = {"events": len(self._log.events), "lost": self._log.lost}
        return web.json_response({**events, "providers": providers, "echo": self._echo.status()})

    async def _set(self, request: web.Request) -> web.Response:
        if (sink := self._sinks.by_name.get(request.match_info["name"])) is None:
            return _refused(f"no such provider; there are {list(self._sinks.by_name)}", status=404)
        rules = script.parse(await request.json())
        sink.set(rules)
        return web.json_response({"provider": sink.provider.name, "rules": len(rules)})

    async def _reset(self, _request: web.Request) -> web.Response:
        for sink in self._sinks.by_name.values():
            sink.set(())
        await self._echo.set(echo.EchoScript())
        return web.json_response({"reset": list(self._sinks.by_name)})

    async def _clear(self, _request: web.Request) -> web.Response:
        for sink in self._sinks.by_name.values():
            sink.clear()
        self._echo.asked.clear()
        return web.json_response({"cleared": self._log.clear()})

    async def _set_echo(self, request: web.Request) -> web.Response:
        await self._echo.set(echo.parse(await request.json()))
        return web.json_response(self._echo.status())

    async def _counts(self, request: web.Request) -> web.Response:
        by = tuple(field for field in request.query.get("by", "").split(",") if field)
        tally = Tally(by)
        for portion in _portions(self._log.select(_filter(request))):
            for event in portion:
                tally.add(event)
            await asyncio.sleep(0)
        groups = [{**dict(zip(by, key, strict=True)), "count": count} for key, count in sorted(tally.groups.items())]
        total = tally.total
        return web.json_response(
            {"by": by, "groups": groups, "total": total.events, "distinct": total.distinct, "lost": self._log.lost}
        )

    async def _records(self, request: web.Request) -> web.StreamResponse:
        fields = tuple(field for field in request.query.get("fields", "").split(",") if field)
        if unknown := set(fields) - set(Event._fields) - set(GROUPABLE):
            raise ValueError(f"no fields {sorted(unknown)}; there are {Event._fields}")
        wanted = self._log.select(_filter(request))
        response = web.StreamResponse(headers={"Content-Type": "application/jsonl", "Lost": str(self._log.lost)})
        await response.prepare(request)
        for portion in _portions(wanted):
            await response.write("".join(_line(event, fields) for event in portion).encode())
        await response.write_eof()
        return response


def _filter(request: web.Request) -> Filter:
    query = request.query
    return Filter(
        since=float(query.get("since", 0)),
        after=int(query.get("after", -1)),
        message_id_prefix=query.get("message_id_prefix", ""),
        provider=query.get("provider", ""),
        source=query.get("source", ""),
        outcome=query.get("outcome", ""),
    )


def _line(event: Event, fields: tuple[str, ...]) -> str:
    row = {field: getattr(event, field) for field in fields} if fields else event._asdict()
    return json.dumps(row, separators=(",", ":")) + "\n"


def _portions(events: Iterator[Event]) -> Iterator[list[Event]]:
    while portion := list(islice(events, _PORTION)):
        yield portion


@web.middleware
async def _refusals(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Say what was wrong with a request; anything else is a defect and stays one."""
    try:
        return await handler(request)
    except ValueError as error:
        return _refused(str(error), status=400)


def _refused(reason: str, *, status: int) -> web.Response:
    return web.json_response({"error": reason}, status=status)
