"""A pod per test, three relays behind it, and the objects that its agent reads."""

import fcntl
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from smtppool.api import names
from smtppool.kube.client import Api
from tests.contract.agent import objects
from tests.contract.agent.pod import Pod, relay_pod
from tests.contract.agent.sinks import Sink


@pytest.fixture(autouse=True)
def ports() -> Iterator[None]:
    """The ports of a relay pod, for one process at a time: HAProxy shares a port with its like, and takes half of what
    another test sends.
    """
    with (Path(tempfile.gettempdir()) / "smtppool-agent-ports.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A directory whose sockets fit into the 107 bytes of a unix socket's name."""
    path = Path(tempfile.mkdtemp(prefix="pod-"))
    yield path
    shutil.rmtree(path)


@pytest_asyncio.fixture
async def pod(short_path: Path, api: Api, namespace: str) -> AsyncIterator[Pod]:
    """Gate and HAProxy run; routing is empty, the grant is open for this pod, the report is there to be patched."""
    async with relay_pod(short_path, api=api, namespace=namespace) as pod:
        await objects.put_routing(api, namespace, objects.routing())
        await objects.put_grant(api, namespace, objects.grant(uid=pod.uid))
        await objects.put_report(api, namespace)
        yield pod


@pytest_asyncio.fixture
async def sinks() -> AsyncIterator[list[Sink]]:
    """Relays on 127.1.0.2, .3 and .4."""
    started = [await Sink(f"127.1.0.{number}", names.RELAY_PORT).start() for number in (2, 3, 4)]
    yield started
    for sink in started:
        sink.stop()
