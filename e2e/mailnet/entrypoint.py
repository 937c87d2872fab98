"""Runs the whole simulated internet in one container until SIGTERM; ends with an error if any part of it dies.

Environment: MAILNET_MODE `loopback` (default: every provider has an address of its own on lo) or `pod` (all share
MAILNET_POD_ADDRESS, and the recipient's domain decides), COREDNS the program's path.
"""

import asyncio
import os
import signal
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import uvloop
from aiohttp import web

from e2e.mailnet import addresses, control
from e2e.mailnet.certificate import server_context
from e2e.mailnet.echo import Echo
from e2e.mailnet.events import EventLog
from e2e.mailnet.exchange import Exchange
from e2e.mailnet.logline import emit
from e2e.mailnet.nameserver import NameServer
from e2e.mailnet.providers import ECHO_ADDRESS
from e2e.mailnet.sink import Sinks

_POD_ECHO_PORT = 2525  # in pod mode port 25 of the only address is the sinks'


def pod_address() -> str | None:
    """The pod's address in pod mode, nothing in loopback mode."""
    match os.environ.get("MAILNET_MODE", "loopback"):
        case "loopback":
            return None
        case "pod":
            return os.environ["MAILNET_POD_ADDRESS"]
        case other:
            raise ValueError(f"MAILNET_MODE is loopback or pod, not {other!r}")


async def serve(stop: asyncio.Event) -> int:
    """Start everything, wait, stop everything."""
    pod = pod_address()
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mailnet-")))
        if pod is None:
            await addresses.add_to_loopback()
        program = os.environ.get("COREDNS", "/usr/local/bin/coredns")
        dns = await stack.enter_async_context(NameServer(program=program, directory=directory, pod_address=pod))
        sinks = Sinks(EventLog())
        tls = server_context(directory, name="mailnet.test")
        await stack.enter_async_context(Exchange(sinks=sinks, tls=tls, pod_address=pod))
        echo = Echo(address=pod or ECHO_ADDRESS, smtp_port=_POD_ECHO_PORT if pod else 25)
        await stack.enter_async_context(echo)
        await _start_control(stack, control.Control(sinks=sinks, echo_server=echo).application())
        emit("ready", mode="pod" if pod else "loopback", providers=list(sinks.by_name))
        return await _until_stopped(stop, dns)


async def _start_control(stack: AsyncExitStack, application: web.Application) -> None:
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, control.ADDRESS, control.PORT).start()


async def _until_stopped(stop: asyncio.Event, dns: NameServer) -> int:
    stopped, died = asyncio.ensure_future(stop.wait()), asyncio.ensure_future(dns.died())
    done, waiting = await asyncio.wait({stopped, died}, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    if died in done:
        emit("failed", part="coredns", status=died.result())
        return 1
    emit("stopping")
    return 0


async def run() -> int:
    """Serve with the signals handled."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        return await serve(stop)
    except (OSError, RuntimeError, ValueError, LookupError, TimeoutError) as error:
        emit("failed", error=f"{type(error).__name__}: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(uvloop.run(run()))
