"""`python -m smtppool.node`: run on a node until told to stop; with `remove`: take the table and the kept order away.

Stopping leaves the rules in force: a relay must not lose its address because this program is updated.
"""

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from smtppool.api.documents import EgressRule
from smtppool.kube.client import connect
from smtppool.node import table
from smtppool.node.bus import KubernetesBus
from smtppool.node.health import serve_health
from smtppool.node.kept import forget
from smtppool.node.program import NodeProgram
from smtppool.node.settings import Settings, state_dir

log = logging.getLogger("smtppool.node")


async def run(settings: Settings) -> None:
    """Until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with connect() as api:
        program = NodeProgram(settings, KubernetesBus(settings, api))
        async with serve_health(program, port=settings.health_port):
            running = asyncio.create_task(program.run(), name="program")
            stopping = asyncio.create_task(stop.wait(), name="stop")
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if running.done():
                running.result()
            running.cancel()
            await asyncio.wait({running}, timeout=5)
    await _leave(settings.state_dir, ordered=program.ordered)


async def _leave(kept: Path, *, ordered: tuple[EgressRule, ...] | None) -> None:
    """Rules stay in force; a table that nobody needs is taken along, so that an uninstallation leaves nothing."""
    listing = await table.read()
    rules = listing.rules if listing is not None else ()
    needed = rules if ordered is None else ordered  # addresses that are only shut for a while are no reason to stay
    if listing is not None and not needed:
        await _remove(kept)
    log.info("stopped; %d rules stay in force", len(rules) if needed else 0)


async def _remove(kept: Path) -> None:
    await table.remove()
    forget(kept)


def main() -> int:
    """Exit status 2 for a wrong call."""
    parser = argparse.ArgumentParser(prog="smtppool.node", description=__doc__)
    parser.add_argument("verb", nargs="?", choices=("run", "remove"), default="run")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    match parser.parse_args().verb:
        case "remove":
            asyncio.run(_remove(state_dir()))
        case _:
            asyncio.run(run(Settings.from_environment()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
