"""The first routing after a start of HAProxy: members come up so that the rotation is spread from its first turn.

Without the busy responder, or when every member's turn comes soon anyway, it begins as HAProxy would.
"""

import asyncio
import logging
from typing import Final

from smtppool.agent import rotation, slots
from smtppool.agent.runtime import Runtime
from smtppool.agent.settings import Settings
from smtppool.agent.slots import Slot, State, Wanted
from smtppool.render import haproxy

log = logging.getLogger(__name__)

BANNER_TIMEOUT: Final = 0.5

Held = tuple[Slot, ...]


async def commands(
    held: Held, wanted: tuple[Wanted, ...], *, connection: Runtime, settings: Settings
) -> tuple[Held, list[str]]:
    """Commands still to be sent for the backend `members`, and the slots as they will be after them."""
    weights = {one.address: one.weight for one in wanted if one.state is State.READY}
    if not rotation.needed(weights):
        return held, []
    await connection.execute(rotation.begin())
    if not await _turn_rotor(settings):
        return held, rotation.end()
    idle = tuple(one._replace(weight=0) for one in wanted)
    by_address = {one.address: slot for slot, one in slots.assign(held, wanted).items()}
    start = slots.plan(haproxy.MEMBERS, held, idle)
    start += rotation.spread(weights, by_address, seed=settings.pod_uid) + rotation.end()
    return slots.after(held, wanted), start


async def _turn_rotor(settings: Settings) -> bool:
    """One connection that the rotor answers; True when the busy responder's banner came."""
    try:
        async with asyncio.timeout(BANNER_TIMEOUT):
            path = settings.paths.at(haproxy.ROTATION_SOCKET)
            reader, writer = await asyncio.open_unix_connection(str(path))
            banner = await reader.read(512)
            writer.write(b"QUIT\r\n")
            writer.close()
    except OSError as error:
        log.warning("rotation begins unspread", extra={"cause": repr(error)})
        return False
    return banner.startswith(b"220")
