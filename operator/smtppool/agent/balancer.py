"""Makes this pod's HAProxy follow the routing, and proves every few seconds that it still does.

The way from a new routing to HAProxy is short on purpose: the difference is computed against the slots in memory and
sent in one call. Reading back comes after it.
"""

import logging
import time
from collections.abc import Iterator
from typing import Final

from smtppool.agent import coldstart, frontends, runtime, slots
from smtppool.agent.facts import Board
from smtppool.agent.runtime import Runtime
from smtppool.agent.settings import Settings
from smtppool.agent.slots import Slot, State, Wanted
from smtppool.agent.warmstart import WarmStart
from smtppool.api import names
from smtppool.api.documents import Intake, Routing
from smtppool.api.smtppool import Balance
from smtppool.render import haproxy

log = logging.getLogger(__name__)

VERIFY_INTERVAL: Final = 3.0
SOON: Final = 0.25  # after commands, and while first health checks are outstanding
STAT_INTERVAL: Final = 0.5
_ENDED: Final = "HAProxy ended meanwhile: what was said to it, or by it, is not of the next one"


class Balancer:
    """Writes routing and intake into HAProxy; forgets all it knows when HAProxy was gone."""

    def __init__(self, *, settings: Settings, board: Board, connection: Runtime) -> None:
        self._settings = settings
        self._board = board
        self._runtime = connection
        self._warm = WarmStart(settings.paths, own_address=settings.pod_ip)
        self._held: dict[str, tuple[Slot, ...]] = {}
        self._acl: dict[str, frozenset[str]] = {}
        self._followed: Routing | None = None  # what HAProxy was last made to follow, as far as is known
        self._usable = ""  # how many members HAProxy could choose when it was last asked
        self._measure_at = self._verify_at = 0.0  # monotonic time at which each is due
        self._shut_before: tuple[str, ...] = ()
        self.repairs = 0

    def forget(self) -> None:
        """HAProxy has gone or is new: read everything before the next command."""
        self._held, self._acl, self._followed = {}, {}, None
        self._measure_at = self._verify_at = 0.0

    async def turn(self) -> float:
        """Apply what changed, then look; returns seconds until the next look. OSError when HAProxy is not there."""
        if not self._held:
            await self._read()
        await self._apply()
        if self._measure_at <= time.monotonic() or self._shut() != self._shut_before:
            await self._measure()
        if self._verify_at <= time.monotonic():
            await self._verify()
        return max(0.0, min(self._measure_at, self._verify_at) - time.monotonic())

    async def _read(self) -> None:
        """Take over what HAProxy holds."""
        before, held = self._held, {}
        for backend in (haproxy.MEMBERS, haproxy.PEERS):
            held[backend] = slots.read(runtime.table(await self._runtime.execute([f"show servers state {backend}"])))
        lists = runtime.acl_ids(await self._runtime.execute(["show acl"]), file=self._settings.paths.members_acl)
        acl = {name: runtime.acl_entries(await self._runtime.execute([f"show acl {name}"])) for name in lists}
        if self._held is not before or not all(held.values()):
            raise ConnectionResetError(_ENDED)
        self._held, self._acl = held, acl

    async def _apply(self) -> None:
        """Send the difference between the routing and what HAProxy holds, in one call."""
        routing, digest = self._board.facts.routing, self._board.facts.routing_hash
        if routing is None or routing is self._followed:
            return
        before, held, wanted = self._held, dict(self._held), self._wanted(routing)
        commands = self._acl_commands(routing)
        if self._cold() and routing.balance is Balance.ROUND_ROBIN:
            held[haproxy.MEMBERS], start = await self._start_rotation(wanted[haproxy.MEMBERS])
            commands += start
        for backend, found in held.items():
            commands += slots.plan(backend, found, wanted[backend])
        if commands:
            await self._runtime.execute(commands)
            self._verify_at = min(self._verify_at, time.monotonic() + SOON)
        if self._held is not before:
            raise ConnectionResetError(_ENDED)
        self._held = {backend: slots.after(found, wanted[backend]) for backend, found in held.items()}
        self._acl = dict.fromkeys(self._acl, _addresses(routing))
        self._followed = routing
        self._board.update(applied_hash=digest)
        self._warm.keep(self._held, _addresses(routing))

    def _wanted(self, routing: Routing) -> dict[str, tuple[Wanted, ...]]:
        own = self._settings.pod_ip
        return {
            haproxy.MEMBERS: slots.members(routing, own_address=own),
            haproxy.PEERS: slots.peers(routing, own_address=own),
        }

    def _acl_commands(self, routing: Routing) -> list[str]:
        wanted = _addresses(routing)
        return [
            command
            for name, held in self._acl.items()
            for command in (
                *(f"add acl {name} {address}" for address in sorted(wanted - held)),
                *(f"del acl {name} {address}" for address in sorted(held - wanted)),
            )
        ]

    def _cold(self) -> bool:
        return all(slot.state is State.MAINT for slot in self._held[haproxy.MEMBERS])

    async def _start_rotation(self, wanted: tuple[Wanted, ...]) -> tuple[coldstart.Held, list[str]]:
        held = self._held[haproxy.MEMBERS]
        return await coldstart.commands(held, wanted, connection=self._runtime, settings=self._settings)

    async def _measure(self) -> None:
        """Count sessions, and open or close the frontends; a stopping pod's belong to the preStop hook."""
        rows = runtime.table(await self._runtime.execute([frontends.SHOW]))
        shut = self._shut_before = self._shut()
        stopping = self._settings.paths.at(names.STOPPING_FLAG).exists()
        commands = [] if stopping else frontends.commands(rows, shut=shut)
        if commands:
            await self._runtime.execute(commands)
            rows = runtime.table(await self._runtime.execute([frontends.SHOW]))
        self._measure_at = time.monotonic() + STAT_INTERVAL
        usable = frontends.usable_members(rows)
        if usable != self._usable:  # who went or came is asked at once: the pool must know of an entry that is down
            self._usable, self._verify_at = usable, 0.0
        shut_now = not any(frontends.is_open(rows, name) for name in frontends.INTERNAL)
        own, entry = frontends.own_sessions(rows), frontends.entry_sessions(rows)
        quiet = (self._board.facts.quiet_since or time.monotonic()) if shut_now and not own else None
        self._board.update(sessions=own + entry, entry_sessions=entry, intake_shut=shut_now, quiet_since=quiet)

    def _shut(self) -> tuple[str, ...]:
        grant = self._board.facts.grant
        return frontends.INTERNAL if grant is not None and grant.intake is Intake.CLOSED else ()

    async def _verify(self) -> None:
        """Read everything back; what differs from the routing is sent again and counted."""
        expected, expected_acl = self._held, self._acl
        await self._read()
        different = [*_different_slots(expected, self._held), *_different_lists(expected_acl, self._acl)]
        if different and self._board.facts.routing is not None:
            self.repairs += 1
            log.warning("HAProxy did not follow the routing; applying it again", extra={"differences": different[:5]})
            self._followed = None
            await self._apply()
        waiting = any(
            slot.state is State.READY and slot.weight and slot.checks and not slot.checked
            for slot in self._held[haproxy.MEMBERS]
        )
        self._verify_at = time.monotonic() + (SOON if waiting or different else VERIFY_INTERVAL)
        self._board.update(checks_done=not waiting, down=self._down())

    def _down(self) -> tuple[str, ...]:
        """Members that should serve and do not, as far as this HAProxy checks them."""
        routing = self._board.facts.routing
        held = self._held[haproxy.MEMBERS]
        down = {slot.address for slot in held if slot.state is State.READY and slot.checks and not slot.up}
        return tuple(member.name for member in routing.members if member.address in down) if routing else ()


def _addresses(routing: Routing) -> frozenset[str]:
    return frozenset(member.address for member in routing.members)


Slots = dict[str, tuple[Slot, ...]]
Lists = dict[str, frozenset[str]]


def _different_slots(expected: Slots, found: Slots) -> Iterator[str]:
    """Slots that are not as they were left; what checks have said since is no difference."""
    for backend, held in expected.items():
        for one, other in zip(held, found[backend], strict=True):
            if one._replace(checked=True, up=True) != other._replace(checked=True, up=True):
                yield f"{backend}: expected {one}, found {other}"


def _different_lists(expected: Lists, found: Lists) -> Iterator[str]:
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            yield f"acl {name}: expected {expected.get(name)}, found {found.get(name)}"
