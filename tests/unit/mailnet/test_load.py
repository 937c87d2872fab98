"""The load generator against a real sink: what it reports is what the sink recorded."""

import io
import socket
from itertools import pairwise
from typing import Any

import pytest

from e2e.mailnet.load.mail import mails
from e2e.mailnet.load.probe import Probe, Probing, probe, report
from e2e.mailnet.load.run import Load, Run
from e2e.mailnet.load.tallies import Tallies, spread
from e2e.mailnet.sink import Sink
from tests.unit.mailnet.given import script


async def run(port: int, **options: Any) -> tuple[Tallies, list[str]]:
    """Send, and return the tallies and the acknowledged message ids."""
    load = Load(**{"host": "127.0.0.1", "port": port, "messages": 20, "duration": None, "timeout": 5.0, **options})
    acks = io.StringIO()
    stream = mails(prefix="t", sender_domain="example.com", shares={"gmail.com": 1})
    tallies = await Run(load=load, mails=stream, acks=acks).to_end(lambda _: None)
    return tallies, acks.getvalue().split()


def accepted(sink: Sink) -> list[str]:
    return [event.message_id for event in sink.log.events if event.outcome == "accepted"]


@pytest.mark.parametrize(("per_connection", "connections"), [(1, 20), (5, 4), (100, 1)])
async def test_messages_per_connection(port: int, google: Sink, per_connection: int, connections: int) -> None:
    tallies, acks = await run(port, per_connection=per_connection)
    assert (tallies.attempted, tallies.acknowledged, tallies.errors) == (20, 20, 0)
    assert sorted(acks) == sorted(accepted(google))
    assert google.connections()["127.0.0.1"].opened == connections
    assert len(tallies.banner_waits) == connections
    assert tallies.servers == {"mx.google.com": connections}


async def test_connections_at_a_time(port: int, google: Sink) -> None:
    script(google, {"at": "connect", "delay": "50ms"})
    await run(port, parallel=7)
    assert google.connections()["127.0.0.1"].peak == 7


@pytest.mark.parametrize("per_connection", [1, 10])
async def test_refusals_are_reported_and_not_tried_again(port: int, google: Sink, per_connection: int) -> None:
    script(google, {"at": "rcpt", "share": "25%", "reply": "450 4.2.0 later"})
    tallies, acks = await run(port, per_connection=per_connection)
    assert (tallies.acknowledged, tallies.failed, tallies.attempts) == (15, 5, 20)
    assert [(key, trouble.count) for key, trouble in tallies.refusals.items()] == [(("rcpt", "450 4.2.0 later"), 5)]
    assert sorted(acks) == sorted(accepted(google))


@pytest.mark.parametrize(("reply", "acknowledged"), [("450 4.2.0 later", 20), ("421 4.7.0 bye", 20), ("550 no", 10)])
async def test_retries_concern_4xx_alone(port: int, google: Sink, reply: str, acknowledged: int) -> None:
    script(google, {"at": "mail", "share": "50%", "reply": reply})
    tallies, _ = await run(port, per_connection=4, retries=3, retry_delay=0.0)
    assert tallies.acknowledged == acknowledged == len(accepted(google))


async def test_a_connection_lost_after_the_content_is_unanswered(port: int, google: Sink) -> None:
    script(google, {"at": "eom", "share": "10%", "close": True})
    tallies, _ = await run(port)
    assert (tallies.acknowledged, tallies.failed, tallies.unanswered) == (18, 2, 2)
    assert [step for step, _ in tallies.breaks] == ["eom"]


async def test_nobody_there(unused_tcp_port: int) -> None:
    tallies, acks = await run(unused_tcp_port, messages=3)
    assert (tallies.failed, acks) == (3, [])
    assert [(step, trouble.count) for (step, _), trouble in tallies.breaks.items()] == [("connect", 3)]


async def test_silence_ends_with_the_timeout(port: int, google: Sink) -> None:
    script(google, {"at": "connect", "stall": True})
    tallies, _ = await run(port, messages=1, timeout=0.1)
    assert list(tallies.breaks) == [("banner", "timeout")]


async def test_rate_and_duration(port: int, google: Sink) -> None:
    tallies, _ = await run(port, messages=None, duration=0.5, per_second=100.0, parallel=5)
    assert tallies.acknowledged == 50
    times = [event.mono for event in google.log.events]
    assert 0.4 < times[-1] - times[0] < 2


async def test_the_report_adds_up(port: int, google: Sink) -> None:
    script(google, {"at": "connect", "share": "10%", "reply": "421 4.3.2 busy"})
    tallies, _ = await run(port)
    document: Any = tallies.report()
    assert document["attempted"] == document["acknowledged"] + document["failed"] == 20
    assert [error["count"] for error in document["errors"]] == [2]
    assert sum(second["acknowledged"] for second in document["series"]) == document["acknowledged"] == 18
    assert sum(second["refused"] for second in document["series"]) == 2


async def test_probes_note_time_and_name(port: int, google: Sink) -> None:
    probes: list[Probe] = []
    probing = Probing(host="127.0.0.1", port=port, interval=0.01, duration=0.2)
    await probe(probing, seen=probes.append)
    script(google, {"at": "connect", "reply": "450 4.3.2 busy"})
    await probe(probing, seen=probes.append)
    document: Any = report(probes)
    assert document["names"] == {"mx.google.com": 20}
    assert document["errors"] == {"banner: 450 4.3.2 busy": 20}
    assert all(earlier["at"] <= later["at"] for earlier, later in pairwise(document["probes"]))


def test_spread_is_by_nearest_rank() -> None:
    assert spread([n / 1000 for n in range(1, 101)]) == {"count": 100, "p50": 50, "p90": 90, "p99": 99, "max": 100}
    assert spread([]) == {"count": 0, "p50": 0, "p90": 0, "p99": 0, "max": 0}


async def test_a_name_that_nobody_answers_for_is_told_from_a_relay_that_does_not_answer(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unanswered(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    monkeypatch.setattr(socket, "getaddrinfo", unanswered)
    tallies, acks = await run(port, host="pool.example", messages=1)
    assert (acks, [step for step, _ in tallies.breaks]) == ([], ["resolve"])
