"""Copies on the volume, and documents that cannot be read."""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest

from smtppool.agent.facts import Board
from smtppool.agent.orders import Follower, grant_source, routing_source
from smtppool.agent.settings import Paths, Settings
from smtppool.api import names
from smtppool.api.documents import EgressCheckOrder, Grant, Routing, SubmissionRule
from smtppool.kube.errors import UnavailableError
from smtppool.kube.kinds import Body

ROUTING = Routing(pool="p", submission=SubmissionRule(max_message_size=1, max_recipients=1)).model_dump_json(
    by_alias=True
)
GRANT = Grant(server="mx1", egress_check=EgressCheckOrder()).model_dump_json(by_alias=True)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    paths = Paths(root=tmp_path)
    paths.at(names.STATE_DIR).mkdir(parents=True)
    return Settings("mail", "p", "mx1", "mx1.example.com", 9154, "uid", "10.0.0.1", paths)


def object_with(text: str) -> Body:
    return {"data": {names.ROUTING_KEY: text}}


def test_a_copy_is_taken_with_its_age(settings: Settings) -> None:
    board = Board()
    copy = settings.paths.at(names.STATE_DIR) / names.ROUTING_KEY
    copy.write_text(ROUTING)
    os.utime(copy, (1000, 1000))
    Follower(routing_source(settings, board), settings=settings).restore()
    assert board.facts.routing is not None
    assert board.facts.routing_at == 1000
    assert board.facts.routing_hash is not None
    assert len(board.facts.routing_hash) == 64


def test_a_broken_or_absent_copy_is_none(settings: Settings) -> None:
    board = Board()
    follower = Follower(grant_source(settings, board), settings=settings)
    follower.restore()
    (settings.paths.at(names.STATE_DIR) / names.GRANT_KEY).write_text(GRANT[:20])
    follower.restore()
    assert board.facts.grant is None


@pytest.mark.parametrize(
    "body", [None, {}, {"data": None}, {"data": {}}, object_with("{"), object_with('{"version": 9}')]
)
def test_what_cannot_be_read_leaves_the_last_one_in_force(
    settings: Settings, body: Body | None, caplog: pytest.LogCaptureFixture
) -> None:
    board = Board()
    follower = Follower(routing_source(settings, board), settings=settings)
    follower._receive(object_with(ROUTING))
    before = board.facts.routing
    follower._receive(body)
    assert board.facts.routing is before
    assert caplog.records


async def test_a_confirmation_makes_the_copy_young_and_nothing_else(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    board = Board()
    follower = Follower(routing_source(settings, board), settings=settings)
    copy = settings.paths.at(names.STATE_DIR) / names.ROUTING_KEY
    copy.write_text(ROUTING)
    os.utime(copy, (1000, 1000))
    file = copy.stat().st_ino
    follower.restore()
    caplog.clear()
    keeping = asyncio.create_task(follower.keep())
    for _ in range(2):
        follower._receive(object_with(ROUTING))
    async with asyncio.timeout(5):
        while copy.stat().st_mtime == 1000:  # noqa: ASYNC110 - a thread touches the file
            await asyncio.sleep(0.01)
    keeping.cancel()
    assert board.facts.routing_at == pytest.approx(time.time(), abs=30)
    assert (copy.stat().st_ino, copy.read_text()) == (file, ROUTING)
    assert not caplog.records


@pytest.mark.parametrize("body", [None, object_with("{")], ids=["absent", "refused"])
def test_what_is_wrong_is_said_once(settings: Settings, body: Body | None, caplog: pytest.LogCaptureFixture) -> None:
    board = Board()
    follower = Follower(routing_source(settings, board), settings=settings)
    for one in (body, body, object_with(ROUTING), body):
        follower._receive(one)
    assert len(caplog.records) == 2, "once, and again after it had been right"


def test_what_is_wrong_confirms_nothing(settings: Settings) -> None:
    board = Board()
    follower = Follower(routing_source(settings, board), settings=settings)
    follower._take(ROUTING, 1000)
    follower._receive(None)
    assert board.facts.routing_at == 1000


async def test_an_api_server_that_is_away_makes_no_silence(settings: Settings) -> None:
    """What liveness looks at: the task tries and fails, so it does not hang."""

    class Away:
        async def list(self, *_: object, **__: object) -> tuple[list[Body], str]:
            raise UnavailableError("connection refused")

    api: Any = Away()
    beaten = asyncio.Event()
    following = asyncio.create_task(Follower(grant_source(settings, Board()), settings=settings).run(api, beaten.set))
    async with asyncio.timeout(5):
        await beaten.wait()
        beaten.clear()
        await beaten.wait()
    following.cancel()


def test_a_refusal_names_fields_and_no_values(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    follower = Follower(routing_source(settings, Board()), settings=settings)
    follower._receive(object_with(ROUTING.replace('"pool":"p"', '"pool":"secret value!"')))
    faults = vars(caplog.records[-1])["faults"]
    assert len(faults) == 1
    assert faults[0].startswith("pool: ")
    assert "secret" not in faults[0]
