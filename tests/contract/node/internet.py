# ruff: noqa: T201 - lines on standard output are how it speaks
"""The listener of the internet: greets on every port given, and prints who came: `PORT ADDRESS` a line."""

import asyncio
import sys


async def serve(writer: asyncio.StreamWriter, reader: asyncio.StreamReader) -> None:
    port, peer = writer.get_extra_info("sockname")[1], writer.get_extra_info("peername")[0]
    print(port, peer, flush=True)
    try:
        writer.write(f"220 {peer}\r\n".encode())
        while line := await reader.readline():
            writer.write(line)
            await writer.drain()
    except ConnectionError:
        print(port, peer, "reset", flush=True)
    finally:
        writer.close()


async def main(ports: list[int]) -> None:
    for port in ports:
        await asyncio.start_server(lambda reader, writer: serve(writer, reader), "0.0.0.0", port, backlog=1024)
    print("listening", flush=True)
    await asyncio.sleep(600)


if __name__ == "__main__":
    asyncio.run(main([int(port) for port in sys.argv[1:]]))
