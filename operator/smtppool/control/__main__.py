"""`python -m smtppool.control`: the operator. Ends with 0 on SIGTERM or SIGINT, else with 1, to be started anew."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Coroutine

import uvloop

from smtppool.api.names import Key
from smtppool.control.health import serve
from smtppool.control.logs import set_up_logs
from smtppool.control.metrics import Metrics
from smtppool.control.operator import Operator
from smtppool.control.settings import Settings, SettingsError, from_environment
from smtppool.kube import slices
from smtppool.kube.client import Api, connect
from smtppool.kube.lease import lead

logger = logging.getLogger("smtppool.control")


async def run(settings: Settings) -> None:
    """Until a signal."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    metrics = Metrics()
    async with connect(kubeconfig=settings.kubeconfig) as api:
        operator = Operator(settings=settings, api=api, metrics=metrics)
        standby = settings.lease_name is not None
        async with serve(metrics, port=settings.metrics_port, is_ready=lambda: standby or operator.ready) as port:
            logger.info("metrics and probes on port %d", port)
            await _first(stop, _lead(settings, api, operator, stop))


async def _lead(settings: Settings, api: Api, operator: Operator, stop: asyncio.Event) -> None:
    """At once, or as soon as the lease is won."""
    if settings.lease_name is None:
        await operator.run(stop)
        return
    await lead(
        api,
        Key(settings.operator_namespace, settings.lease_name),
        identity=settings.identity,
        work=lambda: operator.run(stop),
    )


async def _first(stop: asyncio.Event, work: Coroutine[None, None, None]) -> None:
    """The work to its end; a stop leaves it ten seconds to come to one."""
    working = asyncio.create_task(work, name="operator")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not working.done():
        await asyncio.wait({working}, timeout=10)
    if working.done():
        working.result()
    else:
        working.cancel()


def main() -> int:
    """Exit status 2 for settings that cannot be read."""
    try:
        settings = from_environment(os.environ)
    except SettingsError as error:
        sys.stderr.write(f"smtppool.control: {error}\n")
        return 2
    set_up_logs(settings.log_level)
    slices.shorten()  # an edited weight does not wait for what else runs on the node
    uvloop.run(run(settings))
    logger.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
