"""Runs CoreDNS over the rendered zones and says when it answers, and when it has died."""

import asyncio
import http.client
import signal
from pathlib import Path
from typing import Self

from e2e.mailnet import zones
from e2e.mailnet.providers import NAMESERVER_ADDRESS

_START_TIMEOUT = 20.0
_STOP_TIMEOUT = 5.0


class NameServer:
    """CoreDNS as a child; used as an async context."""

    def __init__(self, *, program: str, directory: Path, pod_address: str | None) -> None:
        self._program = program
        self._directory = directory
        self._pod_address = pod_address
        self._process: asyncio.subprocess.Process

    async def __aenter__(self) -> Self:
        corefile = self._write()
        self._process = await asyncio.create_subprocess_exec(self._program, "-conf", str(corefile), "-quiet")
        try:
            await asyncio.wait_for(self._until_ready(), _START_TIMEOUT)  # a cold binary of 60 MB must be read first
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_TIMEOUT)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def died(self) -> int:
        """Wait for the child to end; nobody asked it to, so its caller must fail."""
        return await self._process.wait()

    def _write(self) -> Path:
        rendered = zones.render(pod_address=self._pod_address)
        listen = self._pod_address or NAMESERVER_ADDRESS
        for zone, text in rendered.items():
            (self._directory / f"{zone}.zone").write_text(text)
        corefile = self._directory / "Corefile"
        corefile.write_text(zones.corefile(rendered, listen=listen, directory=str(self._directory)))
        return corefile

    async def _until_ready(self) -> None:
        while not await asyncio.to_thread(_is_ready):
            if self._process.returncode is not None:
                raise RuntimeError(f"CoreDNS ended with status {self._process.returncode} while starting")
            await asyncio.sleep(0.05)


def _is_ready() -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", zones.READY_PORT, timeout=1)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()
