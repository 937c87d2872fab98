"""A relay pod without kubelet and Postfix: HAProxy, gate and agent on an address of the loopback network.

Configuration and code are the product's; only the directory of the sockets and the loopback address are the test's own.
"""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from smtppool.agent import slots
from smtppool.agent.agent import Agent
from smtppool.agent.runtime import Runtime, table
from smtppool.agent.settings import Paths, Settings
from smtppool.api import names
from smtppool.api.smtppool import Balance
from smtppool.gate import worker
from smtppool.gate.service import Gate
from smtppool.kube.client import Api
from smtppool.render import haproxy, haproxy_state
from tests.golden.haproxy.program import command

ADDRESS = "127.1.0.1"
POD_UID = "5f0e1c7e-0000-4000-8000-000000000001"
START_TIMEOUT = 10.0


@dataclass
class Pod:
    """One pod; `agent` is its agent while it runs."""

    root: Path
    api: Api
    namespace: str
    balance: Balance = Balance.ROUND_ROBIN
    address: str = ADDRESS
    uid: str = POD_UID
    agent: Agent | None = None
    _haproxy: asyncio.subprocess.Process | None = None
    _agent_task: "asyncio.Task[None] | None" = None
    _gate_servers: list[asyncio.Server] = field(default_factory=list)

    @property
    def paths(self) -> Paths:
        return Paths(root=self.root)

    @property
    def settings(self) -> Settings:
        return Settings(
            namespace=self.namespace,
            pool="pool",
            server="mx1",
            hostname="mx1.example.com",
            metrics_port=names.AGENT_PORT,
            pod_uid=self.uid,
            pod_ip=self.address,
            paths=self.paths,
        )

    @property
    def runtime(self) -> Runtime:
        return Runtime(self.paths.at(names.HAPROXY_SOCKET))

    @property
    def warm_text(self) -> str:
        """What HAProxy would start with after a kill."""
        file = self.paths.at(names.HAPROXY_WARM_CONFIG)
        return file.read_text() if file.exists() else ""

    def prepare(self) -> None:
        """Directories and the configuration file."""
        for directory in (names.CONFIG_DIR, names.RUN_DIR, names.STATE_DIR, names.LOG_DIR):
            self.paths.at(directory).mkdir(parents=True, exist_ok=True)
        self._write(names.HAPROXY_CONFIG, haproxy.render(balance=self.balance))
        self._write(names.HAPROXY_STATE, haproxy_state.render())

    def _write(self, path: str, text: str) -> None:
        """With this pod's directories and address."""
        own = text.replace(names.CONFIG_DIR, str(self.paths.at(names.CONFIG_DIR)))
        own = own.replace(names.RUN_DIR, str(self.paths.at(names.RUN_DIR))).replace("127.0.0.1", self.address)
        self.paths.at(path).write_text(own)

    async def start_gate(self) -> None:
        """The gate's code on sockets below the root."""
        gate = Gate(self.paths.at(names.GATE_TABLE))
        gate.reload()
        loop = asyncio.get_running_loop()
        for path, factory in worker.factories(gate).items():
            self._gate_servers.append(await loop.create_unix_server(factory, str(self.paths.at(path))))

    async def start_haproxy(self) -> None:
        """Start it, with the text that its container would take, and wait for its runtime socket."""
        cold, warm = self.paths.at(names.HAPROXY_CONFIG), self.paths.at(names.HAPROXY_WARM_CONFIG)
        log = (self.root / "haproxy.log").open("ab")
        self._haproxy = await asyncio.create_subprocess_exec(
            "setpriv", "--pdeathsig", "KILL", *command(), "-db", "-f", str(warm if warm.exists() else cold),
            env={"POD_IP": self.address}, stdout=log, stderr=log,
        )  # fmt: skip
        log.close()
        async with asyncio.timeout(START_TIMEOUT):
            while not await self.haproxy_answers():
                assert self._haproxy.returncode is None, (self.root / "haproxy.log").read_text()
                await asyncio.sleep(0.01)

    async def haproxy_answers(self) -> bool:
        try:
            return "Pid:" in await self.runtime.execute(["show info"])
        except OSError:
            return False

    async def kill_haproxy(self) -> None:
        """SIGKILL, as the kernel would when memory ends."""
        assert self._haproxy is not None
        self._haproxy.send_signal(signal.SIGKILL)
        await self._haproxy.wait()

    def start_agent(self) -> Agent:
        """A fresh agent, as after a restart of its container."""
        self.agent = Agent(settings=self.settings, api=self.api)
        self._agent_task = asyncio.create_task(self.agent.run())
        return self.agent

    async def stop_agent(self) -> None:
        if self._agent_task is not None:
            self._agent_task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._agent_task
        self.agent = self._agent_task = None

    async def stop(self) -> None:
        await self.stop_agent()
        if self._haproxy is not None and self._haproxy.returncode is None:
            await self.kill_haproxy()
        for server in self._gate_servers:
            server.close()

    async def weights(self) -> dict[str, int]:
        """Address -> weight of members that are ready, as HAProxy says."""
        held = slots.read(table(await self.runtime.execute(["show servers state members"])))
        return {slot.address: slot.weight for slot in held if slot.state is slots.State.READY}


@contextlib.asynccontextmanager
async def relay_pod(
    root: Path, *, api: Api, namespace: str, balance: Balance = Balance.ROUND_ROBIN
) -> AsyncIterator[Pod]:
    """A pod with gate and HAProxy running; the test starts the agent when its objects are there."""
    pod = Pod(root=root, api=api, namespace=namespace, balance=balance)
    pod.prepare()
    try:
        await pod.start_gate()
        await pod.start_haproxy()
        yield pod
    finally:
        await pod.stop()
