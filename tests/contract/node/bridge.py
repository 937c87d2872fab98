"""Connections that arrive on one socket go on to another: `python -m ... FROM TO`, each `tcp:PORT` or `unix:PATH`.

A Unix socket's file is seen from every network namespace: two of these carry the API server's port into another one.
"""
# ruff: noqa: T201 - a line on standard output says that it listens

import asyncio
import contextlib
import functools
import sys

_HOST = "127.0.0.1"


async def bridge(target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    kind, _, place = target.partition(":")
    onward = asyncio.open_unix_connection(place) if kind == "unix" else asyncio.open_connection(_HOST, int(place))
    with contextlib.suppress(OSError):
        far_reader, far_writer = await onward
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
    writer.close()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    finally:
        writer.close()


async def main(source: str, target: str) -> None:
    kind, _, place = source.partition(":")
    carry = functools.partial(bridge, target)
    if kind == "unix":
        await asyncio.start_unix_server(carry, place)
    else:
        await asyncio.start_server(carry, _HOST, int(place))
    print("listening", flush=True)
    await asyncio.sleep(600)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
