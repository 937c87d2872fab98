"""Kubelet and agents of one namespace, as far as the API server sees them: pod statuses and reports.

Each pod starts, verifies its address, follows its grant and reports, unless its `Conduct` says otherwise.
"""

import asyncio
from datetime import UTC, datetime
from typing import Any, Self

from smtppool.api.documents import EgressObservation, Grant, Intake, Lanes, Report, is_of_pod
from smtppool.api.names import AGENT_MANAGER, POOL, REPORT_KEY, SERVER, Key, report_name
from smtppool.kube.client import Api
from smtppool.kube.errors import ApiError
from smtppool.kube.kinds import CONFIG_MAP, POD, Body, is_terminating, uid_of
from tests.contract.operator.conduct import Conduct
from tests.contract.operator.maps import Maps, look
from tests.contract.operator.scheduler import bind

PERIOD = 0.05
NODE_NAME = "relays"  # where pods run unless a test says otherwise; the fixture `operator_process` makes it


class Relays:
    """`async with Relays(api, namespace) as relays: relays["mx1"].queue = QueueDepth(active=3)`."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api = api
        self._namespace = namespace
        self._conducts: dict[str, Conduct] = {}
        self._said: dict[str, Report] = {}
        self._addresses: dict[tuple[str, int], str] = {}  # by pod uid and sandbox
        self._turn = asyncio.Lock()  # a test's own report is not overtaken by one that was already under way
        self._task: asyncio.Task[None] | None = None

    def __getitem__(self, name: str) -> Conduct:
        return self._conducts.setdefault(name, Conduct())

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="relays")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _run(self) -> None:
        while True:
            try:
                pods, _ = await self._api.list(POD, namespace=self._namespace, label_selector=SERVER)
                maps = await look(self._api, self._namespace)
                for pod in pods:
                    async with self._turn:
                        await self._live(pod, maps)
            except ApiError:
                pass  # a namespace that ends takes objects from under this loop; the next turn sees it
            await asyncio.sleep(PERIOD)

    async def _live(self, pod: Body, maps: Maps) -> None:
        name = pod["metadata"]["labels"][SERVER]
        conduct = self[name]
        if is_terminating(pod):
            await (self._end(pod, conduct) if conduct.ends else asyncio.sleep(0))
        elif self._runs_in(pod, conduct) is not None:
            await self._report(pod, name, conduct, maps)
        elif conduct.starts:
            await self._start(pod, conduct)

    def _runs_in(self, pod: Body, conduct: Conduct) -> str | None:
        """The address of its present sandbox, once it runs there."""
        address = self._addresses.get((uid_of(pod), conduct.sandbox))
        status = pod.get("status", {})
        return address if status.get("phase") == "Running" and status.get("podIP") == address else None

    async def _start(self, pod: Body, conduct: Conduct) -> None:
        if not pod["spec"].get("nodeName") and not await bind(self._api, pod, conduct.nodes or (NODE_NAME,)):
            return  # a pod without a node would vanish at once when it is deleted, and say nothing
        address = f"10.244.{len(self._addresses) // 250}.{len(self._addresses) % 250 + 2}"
        self._addresses[uid_of(pod), conduct.sandbox] = address
        self._said.pop(uid_of(pod), None)
        running = {"running": {"startedAt": _now()}}
        await self._status(
            pod,
            {
                "phase": "Running",
                "podIP": address,
                "podIPs": [{"ip": address}],
                "conditions": [{"type": "Ready", "status": "True"}],
                "containerStatuses": [_container("postfix", running)],
                "initContainerStatuses": [_container(one, running) for one in ("gate", "haproxy", "agent")],
            },
        )

    async def _end(self, pod: Body, conduct: Conduct) -> None:
        """What a kubelet does: the last status, then the object goes."""
        words = self._said.get(uid_of(pod))
        message = words.model_copy(update={"queue": conduct.queue}) if words else None
        text = message.model_dump_json(by_alias=True, exclude_none=True) if message else ""
        over = {"terminated": {"exitCode": 0}}
        await self._status(
            pod,
            {
                "phase": "Succeeded",
                "containerStatuses": [_container("postfix", {"terminated": {"exitCode": 0, "message": text}})],
                "initContainerStatuses": [_container(one, over) for one in ("gate", "haproxy", "agent")],
            },
        )
        await self._api.delete(POD, Key(self._namespace, pod["metadata"]["name"]), uid=uid_of(pod), grace_seconds=0)

    async def _report(self, pod: Body, name: str, conduct: Conduct, maps: Maps) -> None:
        grant = maps.grant(name) if conduct.reports else None
        if grant is None:
            return
        address = self._runs_in(pod, conduct)
        mine = is_of_pod(grant, uid=uid_of(pod), address=address)
        report = Report(
            server=name,
            pod_uid=uid_of(pod),
            pod_address=address,
            egress=self._observation(uid_of(pod), conduct, grant),
            queue=conduct.queue,
            sessions=conduct.sessions,
            entry_sessions=conduct.entry_sessions,
            lanes=grant.lanes if mine else Lanes.CLOSED,
            intake=grant.intake if mine and conduct.obeys_intake else Intake.OPEN,
            routing_hash=maps.routing_hash(pod["metadata"]["labels"][POOL]),
            outcomes=conduct.outcomes,
            down=conduct.down,
        )
        if conduct.reports and report != self._said.get(uid_of(pod)):
            await self._write(name, report.model_dump_json(by_alias=True, exclude_none=True))
            self._said[uid_of(pod)] = report

    def _observation(self, uid: str, conduct: Conduct, grant: Grant) -> EgressObservation:
        expected = grant.egress_check.expected
        if grant.egress_check.endpoint is None or expected is None:
            return EgressObservation()
        before = self._said.get(uid)
        seen = conduct.seen or expected
        if conduct.error is not None:
            known = before.egress if before else EgressObservation()
            return known.model_copy(update={"error": conduct.error})
        if before is not None and before.egress.observed_address == seen and before.egress.error is None:
            return before.egress
        return EgressObservation(observed_address=seen, observed_at=_now())

    async def write_report(self, name: str, text: str) -> None:
        """The text, whatever it is."""
        async with self._turn:
            await self._write(name, text)

    async def _write(self, name: str, text: str) -> None:
        key = Key(self._namespace, report_name(name))
        await self._api.merge_patch(CONFIG_MAP, key, {"data": {REPORT_KEY: text}}, manager=AGENT_MANAGER)

    async def _status(self, pod: Body, status: dict[str, Any]) -> None:
        key = Key(self._namespace, pod["metadata"]["name"])
        await self._api.merge_patch(POD, key, {"status": status}, manager="kubelet", subresource="status")


def _container(name: str, state: Body) -> Body:
    ready = "running" in state
    return {"name": name, "image": "relay", "imageID": "", "ready": ready, "restartCount": 0, "state": state}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
