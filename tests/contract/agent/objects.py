"""Routing, grant and report of one server, written as the operator writes them."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from smtppool.api import names
from smtppool.api.base import Model
from smtppool.api.documents import EgressCheckOrder, Grant, Intake, Lanes, Member, Report, Routing, SubmissionRule
from smtppool.api.names import Key
from smtppool.kube.client import Api
from smtppool.kube.kinds import CONFIG_MAP
from tests.contract.agent.pod import ADDRESS

SUBMISSION = SubmissionRule(allowed_networks=("127.0.0.0/8",), max_message_size=1_000_000, max_recipients=100)
NO_CHECK = EgressCheckOrder()


def routing(*members: Member) -> Routing:
    return Routing(pool="pool", members=members, submission=SUBMISSION)


def member(number: int, weight: int, **fields: Any) -> Member:
    """The member `mx<number>` on 127.1.0.<number>."""
    return Member(name=f"mx{number}", address=f"127.1.0.{number}", weight=weight, **fields)


def grant(
    *,
    uid: str,
    address: str = ADDRESS,
    lanes: Lanes = Lanes.OPEN,
    intake: Intake = Intake.OPEN,
    check: EgressCheckOrder = NO_CHECK,
) -> Grant:
    """What the operator writes for a pod at the address of the tests' relay pods."""
    return Grant(
        server="mx1",
        pod_uid=uid,
        pod_address=address,
        lanes=lanes,
        intake=intake,
        reason="closed by test",
        egress_check=check,
    )


async def put(api: Api, namespace: str, name: str, data: dict[str, str]) -> None:
    """Create or replace a ConfigMap's data."""
    metadata = {"name": name, "namespace": namespace}
    await api.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}, manager="operator")


async def put_routing(api: Api, namespace: str, document: Model) -> None:
    await put(api, namespace, names.routing_name("pool"), {names.ROUTING_KEY: document.model_dump_json(by_alias=True)})


async def put_grant(api: Api, namespace: str, document: Model) -> None:
    await put(api, namespace, names.grant_name("mx1"), {names.GRANT_KEY: document.model_dump_json(by_alias=True)})


async def put_report(api: Api, namespace: str) -> None:
    """The empty object that the agent may patch."""
    await put(api, namespace, names.report_name("mx1"), {})


async def report(api: Api, namespace: str) -> Report | None:
    body = await api.get(CONFIG_MAP, Key(namespace, names.report_name("mx1")))
    text = ((body or {}).get("data") or {}).get(names.REPORT_KEY)
    return Report.model_validate_json(text) if text else None


async def until(true: Callable[[], Any], *, reason: str, timeout: float = 10) -> float:  # noqa: ASYNC109
    """Wait for a condition, sync or async; seconds that it took."""
    started = time.monotonic()
    while True:
        answer = true()
        if await answer if asyncio.iscoroutine(answer) else answer:
            return time.monotonic() - started
        assert time.monotonic() - started < timeout, f"not within {timeout} s: {reason}"
        await asyncio.sleep(0.005)
