"""`python3 -m smtppool.agent`: runs until SIGTERM."""

import asyncio
import gc
import logging
import os
import signal
import sys

import uvloop

from smtppool.agent import jsonlog
from smtppool.agent.agent import Agent
from smtppool.agent.settings import MissingSettingError, Paths, load
from smtppool.kube import slices
from smtppool.kube.client import connect

log = logging.getLogger("agent")


async def main() -> None:
    """Run the agent of this pod; returns after SIGTERM."""
    settings = load(os.environ, paths=Paths())
    async with connect() as api:
        agent = asyncio.create_task(Agent(settings=settings, api=api).run())
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, agent.cancel)
        gc.freeze()
        log.info("started", extra={"pool": settings.pool, "server": settings.server, "podUid": settings.pod_uid})
        try:
            await agent
        except asyncio.CancelledError:
            log.info("stopped")


if __name__ == "__main__":
    jsonlog.configure()
    slices.shorten()  # a weight must reach HAProxy at once, however busy the node is with mail
    try:
        uvloop.run(main())
    except MissingSettingError as problem:
        log.error("cannot start", extra={"cause": str(problem)})  # noqa: TRY400 - the text says it all
        sys.exit(1)
