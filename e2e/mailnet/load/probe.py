"""Asks who answers, many times a second: shows from which moment on a change of weights is in force.

Each probe is a connection of its own, started by the clock whether or not the last one was answered.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from e2e.mailnet.load.conversation import Broken, Conversation, Refused, server_name
from e2e.mailnet.load.tallies import spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Probing:
    """Where to ask, how often and how long."""

    host: str
    port: int
    interval: float
    duration: float
    ehlo: str = ""  # ask EHLO by this name too, and take the server's name from that reply
    timeout: float = 5.0


class Probe(NamedTuple):
    """One answer. Times are wall clock; `name` is empty where there was an error."""

    at: float
    answered: float
    name: str
    error: str


async def probe(probing: Probing, *, seen: Callable[[Probe], None]) -> None:
    """Probe to the end; `seen` gets each answer as it comes."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.TaskGroup() as probes:
        for number in range(round(probing.duration / probing.interval)):
            await asyncio.sleep(max(0.0, began + number * probing.interval - loop.time()))
            probes.create_task(_one(probing, seen))


async def _one(probing: Probing, seen: Callable[[Probe], None]) -> None:
    at = time.time()
    name = error = ""
    conversation: Conversation | None = None
    try:
        conversation = await Conversation.open(host=probing.host, port=probing.port, timeout=probing.timeout)
        name = server_name(await conversation.greet(probing.ehlo)) if probing.ehlo else conversation.server
    except (Refused, Broken) as failed:
        error = str(failed)
    seen(Probe(at, time.time(), name, error))
    if conversation:
        await conversation.quit()


def report(probes: list[Probe]) -> dict[str, object]:
    """All answers in order of their start, with totals; `gap_ms` says how evenly the probes really started."""
    ordered = sorted(probes)
    gaps = [later.at - earlier.at for earlier, later in pairwise(ordered)]
    return {
        "probes": [answer._asdict() for answer in ordered],
        "names": Counter(answer.name for answer in ordered if answer.name),
        "errors": Counter(answer.error for answer in ordered if answer.error),
        "answer_ms": spread([answer.answered - answer.at for answer in ordered]),
        "gap_ms": spread(gaps),
    }
