"""How many Events one object may cause."""

from datetime import UTC, datetime

from smtppool.kube.client import Api
from smtppool.kube.events import BURST, Recorder, Severity
from smtppool.kube.kinds import Body
from tests.unit.kube.bodies import body

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Counting(Api):
    """An API server that takes every Event."""

    def __init__(self) -> None:
        self.created: list[Body] = []

    async def create(self, body: Body, *, manager: str, dry_run: bool = False) -> Body:
        del manager, dry_run
        self.created.append(body)
        return body


async def flap(recorder: Recorder, about: Body, times: int) -> None:
    """Another occasion each time, as of a condition that goes to and fro."""
    for number in range(times):
        await recorder.emit(
            about, reason="Mismatch", message="flaps", severity=Severity.WARNING, now=NOW, occasion=str(number)
        )


async def test_an_object_that_flaps_does_not_fill_the_api_server() -> None:
    api = Counting()
    recorder = Recorder(api=api)
    await flap(recorder, body("flapping"), 100)
    assert len(api.created) == BURST
    await flap(recorder, body("other"), 1)
    assert len(api.created) == BURST + 1, "others are told about"
