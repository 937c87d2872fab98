"""The control interface over HTTP, and the tests' client against it: what is set is in force, what happened is read."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from e2e.mailnet.control import Control
from e2e.mailnet.echo import Echo
from e2e.mailnet.events import Details, Outcome
from e2e.mailnet.sink import Sinks


@pytest.fixture
async def client(sinks: Sinks) -> AsyncIterator[TestClient[Any, Any]]:
    echo = Echo(address="127.0.0.1", smtp_port=0, http_port=0)
    async with TestClient(TestServer(Control(sinks=sinks, echo_server=echo).application())) as test_client:
        yield test_client


def delivered(sinks: Sinks, count: int, **details: Any) -> None:
    for number in range(count):
        known = {"provider": "google", "source": "198.51.100.11", "session": 1, "message_id": f"<a-{number}@x>"}
        sinks.log.add(Details(**{**known, **details}))


async def answer(client: TestClient[Any, Any], method: str, path: str, **sent: Any) -> tuple[int, Any]:
    async with client.request(method, path, **sent) as response:
        return response.status, await response.json()


async def test_set_and_reset(client: TestClient[Any, Any], sinks: Sinks) -> None:
    rules = {"behaviour": [{"at": "rcpt", "share": "5%", "reply": "unknown"}]}
    assert await answer(client, "PUT", "/providers/yahoo", json=rules) == (200, {"provider": "yahoo", "rules": 1})
    assert len(sinks.by_name["yahoo"].behaviour.rules) == 1
    await answer(client, "POST", "/reset")
    assert not sinks.by_name["yahoo"].behaviour.rules


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "reason"),
    [
        ("PUT", "/providers/nobody", {"json": {"behaviour": []}}, 404, "google"),
        ("PUT", "/providers/yahoo", {"json": {"behaviour": [{"at": "rcpt"}]}}, 400, "exactly one action"),
        ("PUT", "/providers/yahoo", {"data": b"{"}, 400, "Expecting"),
        ("PUT", "/echo", {"json": {"lie": 1}}, 400, "echo script"),
        ("GET", "/counts?by=colour", {}, 400, "colour"),
        ("GET", "/records?fields=colour", {}, 400, "colour"),
        ("GET", "/records?since=yesterday", {}, 400, "yesterday"),
    ],
)
async def test_refusals_say_why(
    client: TestClient[Any, Any], method: str, path: str, sent: Any, status: int, reason: str
) -> None:
    code, document = await answer(client, method, path, **sent)
    assert code == status
    assert reason in document["error"]


async def test_a_refused_script_leaves_the_old_one_in_force(client: TestClient[Any, Any], sinks: Sinks) -> None:
    await answer(client, "PUT", "/providers/yahoo", json={"behaviour": [{"at": "rcpt", "stall": True}]})
    await answer(client, "PUT", "/providers/yahoo", json={"behaviour": [{"at": "rcpt"}]})
    assert len(sinks.by_name["yahoo"].behaviour.rules) == 1


async def test_counts(client: TestClient[Any, Any], sinks: Sinks) -> None:
    delivered(sinks, 3)
    delivered(sinks, 1)
    delivered(sinks, 2, source="198.51.100.12", outcome=Outcome.REJECTED)
    _, document = await answer(client, "GET", "/counts?by=source,provider&outcome=accepted")
    assert document == {
        "by": ["source", "provider"],
        "groups": [{"source": "198.51.100.11", "provider": "google", "count": 4}],
        "total": 4,
        "distinct": 3,
        "lost": 0,
    }


async def test_records_are_lines_with_the_chosen_fields(client: TestClient[Any, Any], sinks: Sinks) -> None:
    delivered(sinks, 2500)
    async with client.get("/records?fields=message_id,domain&message_id_prefix=a-24") as response:
        rows = [json.loads(line) for line in (await response.text()).splitlines()]
    assert len(rows) == 1 + 10 + 100
    assert rows[0] == {"message_id": "<a-24@x>", "domain": ""}


async def test_losses_are_announced(client: TestClient[Any, Any], sinks: Sinks) -> None:
    sinks.log.lost = 3
    async with client.get("/records") as response:
        assert response.headers["Lost"] == "3"
    assert (await answer(client, "GET", "/counts"))[1]["lost"] == 3


async def test_clear_keeps_open_connections(client: TestClient[Any, Any], sinks: Sinks) -> None:
    delivered(sinks, 3)
    for _ in range(3):
        sinks.by_name["google"].opened("198.51.100.11")
    sinks.by_name["google"].closed("198.51.100.11")
    assert await answer(client, "POST", "/clear") == (200, {"cleared": 3})
    _, status = await answer(client, "GET", "/status")
    assert status["events"] == 0
    assert status["providers"]["google"]["connections"] == {"198.51.100.11": {"opened": 0, "open": 2, "peak": 2}}
