"""What the operator tells: a status that is written when it changes, Events that are told once."""

from datetime import UTC, datetime, timedelta

from smtppool.api.names import Key
from smtppool.kube.cache import Cache
from smtppool.kube.client import Api
from smtppool.kube.events import Recorder, Severity
from smtppool.kube.kinds import EVENT, NAMESPACE, SMTP_SERVER, Body, key_of, uid_of
from smtppool.kube.marks import Marker
from smtppool.kube.status import StatusWriter
from tests.contract.kube.objects import smtp_server, version

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def status(state: str, **fields: object) -> dict[str, object]:
    ready = {"type": "Ready", "status": state, "reason": "Up", "message": "says it", "observedGeneration": 1}
    return {"observedGeneration": 1, "conditions": [ready], **fields}


async def live(api: Api, body: Body) -> Body:
    found = await api.get(SMTP_SERVER, key_of(body))
    assert found is not None
    return found


async def test_a_status_is_written_once(api: Api, namespace: str) -> None:
    cache = Cache()
    writer = StatusWriter(api=api, cache=cache)
    server = await smtp_server(api, namespace)
    assert [move.type for move in await writer.write(server, status("True", weight=5), now=NOW)] == ["Ready"]
    written = await live(api, server)
    assert await writer.write(written, status("True", weight=5), now=NOW + timedelta(hours=1)) == ()
    assert version(await live(api, server)) == version(written)


async def test_a_field_that_is_left_out_goes(api: Api, namespace: str) -> None:
    writer = StatusWriter(api=api, cache=Cache())
    server = await smtp_server(api, namespace)
    await writer.write(server, status("True", weight=5, node="worker"), now=NOW)
    moves = await writer.write(await live(api, server), status("False", weight=0), now=NOW + timedelta(hours=1))
    assert [(move.status, move.at) for move in moves] == [("False", "2026-11-21T13:00:00Z")]
    after = (await live(api, server))["status"]
    assert (after["weight"], "node" in after) == (0, False)


async def told(api: Api, namespace: str, about: Body) -> list[Body]:
    events, _ = await api.list(EVENT, namespace=namespace)
    return [event for event in events if event["involvedObject"]["name"] == about["metadata"]["name"]]


async def test_an_event_is_told_once_also_after_a_restart(api: Api, namespace: str) -> None:
    server = await smtp_server(api, namespace)
    words = {"reason": "Conflict", "message": "198.51.100.11 is taken", "severity": Severity.WARNING, "now": NOW}
    recorder = Recorder(api=api)
    for teller in (recorder, recorder, Recorder(api=api)):
        await teller.emit(server, **words)  # type: ignore[arg-type]
    (event,) = await told(api, namespace, server)
    assert (event["reason"], event["message"], event["type"]) == ("Conflict", "198.51.100.11 is taken", "Warning")
    await recorder.emit(server, occasion="another time", **words)  # type: ignore[arg-type]
    assert len(await told(api, namespace, server)) == 2


async def test_a_terminating_namespace_is_told_about_elsewhere(api: Api, namespace: str) -> None:
    server = await Marker(api=api, cache=Cache()).add_finalizer(await smtp_server(api, namespace), "smtppool.io/queue")
    assert server is not None
    home = await api.get(NAMESPACE, Key("", namespace))
    assert home is not None
    await api.delete(NAMESPACE, Key("", namespace), uid=uid_of(home))
    words = {"reason": "DrainBlocked", "message": "3 messages are left", "severity": Severity.WARNING, "now": NOW}
    for _ in range(2):
        await Recorder(api=api).emit(server, **words)  # type: ignore[arg-type]
    (event,) = await told(api, "default", home)
    assert (event["involvedObject"]["kind"], event["message"]) == ("Namespace", "SmtpServer case: 3 messages are left")
    await Marker(api=api, cache=Cache()).drop_finalizer(await live(api, server), "smtppool.io/queue")
