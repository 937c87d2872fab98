"""`smtpload`: sends a stated load, or with `smtpload probe` asks who answers. JSON on stdout, progress on stderr."""

import argparse
import asyncio
import gc
import json
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import uvloop

from e2e.mailnet import units
from e2e.mailnet.load import mix
from e2e.mailnet.load.mail import mails
from e2e.mailnet.load.probe import Probe, Probing, probe, report
from e2e.mailnet.load.run import Load, Run
from e2e.mailnet.load.tallies import Tallies
from e2e.mailnet.providers import SENDER_DOMAIN

_Value = TypeVar("_Value")


def main() -> int:
    """Parse, run, print the report. SMTP errors are results: the status is 0."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["probe"]:
        uvloop.run(_probe(_probe_parser().parse_args(arguments[1:])))
        return 0
    options = _load_parser().parse_args(arguments)
    if options.messages is None and options.duration is None:
        _load_parser().error("state --messages, --duration or both")
    uvloop.run(_load(options))
    return 0


async def _load(options: argparse.Namespace) -> None:
    load = Load(
        host=options.target[0], port=options.target[1], messages=options.messages, duration=options.duration,
        parallel=options.parallel, per_connection=options.per_connection,
        per_second=options.rate.per_second if options.rate else None, retries=options.retry,
        retry_delay=options.retry_delay, helo=options.helo, timeout=options.timeout,
    )  # fmt: skip
    stream = mails(prefix=options.prefix, sender_domain=options.sender_domain, shares=options.mix, sizes=options.size)
    with ExitStack() as stack:
        acks = stack.enter_context(Path(options.acks).open("w")) if options.acks else None  # noqa: ASYNC230 - once
        run = Run(load=load, mails=stream, acks=acks)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, run.stop)
        tallies = await run.to_end(_progress)
    _progress(tallies)
    print(json.dumps(tallies.report()))


def _progress(tallies: Tallies) -> None:
    seconds = time.monotonic() - tallies.began
    rate = tallies.acknowledged / seconds if seconds else 0.0
    print(
        f"{seconds:6.1f} s  attempted {tallies.attempted}  acknowledged {tallies.acknowledged} ({rate:.0f}/s)"
        f"  errors {tallies.errors}  given up {tallies.failed}",
        file=sys.stderr, flush=True,
    )  # fmt: skip


async def _probe(options: argparse.Namespace) -> None:
    gc.disable()  # a probe that waits for a collection would take its own pause for the server's; it ends soon
    probing = Probing(
        host=options.target[0], port=options.target[1], interval=options.interval, duration=options.duration,
        ehlo=options.ehlo, timeout=options.timeout,
    )  # fmt: skip
    if options.stream:
        await probe(probing, seen=lambda answer: print(json.dumps(answer._asdict()), flush=True))
        return
    probes: list[Probe] = []
    await probe(probing, seen=probes.append)
    print(json.dumps(report(probes)))


def _load_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="smtpload", description=__doc__)
    add = parser.add_argument
    add("target", type=_stated(_target), metavar="HOST:PORT")
    add("-n", "--messages", type=int, help="how many")
    add("--duration", type=_stated(units.duration), help="how long, such as 60s; with --rate a constant load")
    add("-p", "--parallel", type=int, default=10, help="connections at a time (10)")
    add("-m", "--per-connection", type=int, default=1, help="messages per connection (1)")
    add("--rate", type=_stated(units.rate), help="messages, such as 30/s; without it as fast as the server answers")
    add(
        "--mix", type=_stated(mix.parse), default=dict(mix.DEFAULT), help="recipient domains: gmail.com=60,yahoo.com=40"
    )
    add("--prefix", default="load", help="begins every message id, sender and recipient (load)")
    add("--sender-domain", default=SENDER_DOMAIN)
    add("--size", type=_stated(_sizes), default=(1024, 1024), help="bytes, or a range such as 500:20000 (1024)")
    add("--retry", type=int, default=0, help="how often a message is tried again after a 4xx or a lost connection (0)")
    add("--retry-delay", type=_stated(units.duration), default=1.0, help="before each retry (1s)")
    add("--acks", metavar="FILE", help="write each acknowledged message id as it comes, one per line")
    add("--helo", default="client.mailnet.test")
    add("--timeout", type=_stated(units.duration), default=30.0, help="for each answer (30s)")
    return parser


def _probe_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="smtpload probe", description="Ask who answers, and when.")
    add = parser.add_argument
    add("target", type=_stated(_target), metavar="HOST:PORT")
    add("--interval", type=_stated(units.duration), default=0.005, help="between connections (5ms)")
    add("--duration", type=_stated(units.duration), required=True)
    add("--ehlo", default="", metavar="NAME", help="take the name from the EHLO reply instead of the banner")
    add("--timeout", type=_stated(units.duration), default=5.0, help="for each answer (5s)")
    add("--stream", action="store_true", help="one JSON line per probe as it is answered")
    return parser


def _stated(read: Callable[[str], _Value]) -> Callable[[str], _Value]:
    """Let argparse show what a reader says about a value, not only that it was wrong."""

    def readable(text: str) -> _Value:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return readable


def _target(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


def _sizes(text: str) -> tuple[int, int]:
    low, _, high = text.partition(":")
    sizes = int(low), int(high or low)
    if not 0 < sizes[0] <= sizes[1]:
        raise ValueError(f"{text!r} is not a size or a range of sizes")
    return sizes


if __name__ == "__main__":
    sys.exit(main())
