"""What Postfix must be told of a change is told, whoever is slow or killed in between. The gate's own code answers."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from smtppool.agent import acted, gate
from smtppool.agent.domains import DomainBook
from smtppool.agent.facts import Board
from smtppool.agent.gate import GateKeeper
from smtppool.agent.settings import Settings
from smtppool.api import names
from smtppool.api.documents import Lanes, QueueDepth
from tests.unit.agent.gates import ROUTING, grant, short_settings, started

ask = gate.ask


@pytest.fixture
def settings() -> Iterator[Settings]:
    with short_settings() as found:
        yield found


class Agent:
    """One process of an agent, and what it asked of Postfix."""

    def __init__(self, settings: Settings, *, lanes: Lanes = Lanes.OPEN, excluded: tuple[str, ...] = ()) -> None:
        self.flushes = self.failures = 0
        self.request = settings.paths.at(names.RELOAD_REQUEST)
        self.request.unlink(missing_ok=True)
        self.board = Board()
        self.board.update(grant=grant(lanes, *excluded), routing=ROUTING, queue=QueueDepth(deferred=1))
        self.keeper = GateKeeper(settings=settings, board=self.board, flush=self.flush, domains=DomainBook())

    def flush(self, *, again: bool) -> None:
        del again
        if self.failures:
            self.failures -= 1
            raise OSError("disk full")
        self.flushes += 1

    def asked(self) -> tuple[bool, int]:
        return self.request.exists(), self.flushes


async def unanswered(socket: Path, command: str) -> str:
    """The gate reads its table, and its answer comes too late."""
    answer = await ask(socket, command)
    if command == "reload":
        raise TimeoutError
    return answer


def long_ago(settings: Settings) -> None:
    past = time.time() - acted.FRESH - 1
    os.utime(settings.paths.at(names.GATE_ACTED), (past, past))


@pytest.mark.parametrize("killed", [True, False])
@pytest.mark.parametrize("lanes", [Lanes.OPEN, Lanes.HANDOVER])
async def test_lanes_open_and_the_answer_does_not_come(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, lanes: Lanes, killed: bool
) -> None:
    server = await started(settings.paths, uptime=50)
    agent = Agent(settings, lanes=lanes)
    monkeypatch.setattr(gate, "ask", unanswered)
    with pytest.raises(TimeoutError):
        await agent.keeper.turn()
    assert agent.asked() == (False, 0)
    monkeypatch.setattr(gate, "ask", ask)
    agent = Agent(settings, lanes=lanes) if killed else agent
    await agent.keeper.turn()
    assert agent.asked() == (True, 1)
    await agent.keeper.turn()
    assert agent.flushes == 1
    server.close()


async def test_lanes_close_and_the_answer_does_not_come(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    server = await started(settings.paths, uptime=50)
    await Agent(settings).keeper.turn()
    agent = Agent(settings, lanes=Lanes.CLOSED)
    monkeypatch.setattr(gate, "ask", unanswered)
    with pytest.raises(TimeoutError):
        await agent.keeper.turn()
    monkeypatch.setattr(gate, "ask", ask)
    await agent.keeper.turn()
    assert agent.asked() == (True, 0)
    server.close()


async def test_what_fails_is_asked_again(settings: Settings) -> None:
    server = await started(settings.paths, uptime=50)
    agent = Agent(settings)
    agent.failures = 2
    for _ in range(2):
        with pytest.raises(OSError, match="disk full"):
            await agent.keeper.turn()
    await agent.keeper.turn()
    await agent.keeper.turn()
    assert agent.asked() == (True, 1)
    server.close()


@pytest.mark.parametrize(("fresh", "flushes"), [(True, 1), (False, 0)])
async def test_an_agent_that_starts_again_flushes_only_what_the_last_one_may_not_have(
    settings: Settings, fresh: bool, flushes: int
) -> None:
    server = await started(settings.paths, uptime=50)
    await Agent(settings, excluded=("apple",)).keeper.turn()
    if not fresh:
        long_ago(settings)
    agent = Agent(settings, excluded=("apple",))
    await agent.keeper.turn()
    await agent.keeper.turn()
    assert agent.asked() == (False, flushes)
    server.close()


async def test_a_provider_that_was_excluded_while_the_agent_was_away(settings: Settings) -> None:
    server = await started(settings.paths, uptime=50)
    await Agent(settings).keeper.turn()
    long_ago(settings)
    agent = Agent(settings, excluded=("apple",))
    await agent.keeper.turn()
    assert agent.asked() == (True, 1)
    server.close()


@pytest.mark.parametrize("content", ["", "null", "{", '{"lanes": "Ajar"}', '{"excluded": ["../x"]}', "\x00"])
async def test_garbage_is_told_again(settings: Settings, content: str) -> None:
    server = await started(settings.paths, uptime=50)
    await Agent(settings).keeper.turn()
    settings.paths.at(names.GATE_ACTED).write_text(content)
    agent = Agent(settings)
    await agent.keeper.turn()
    assert agent.asked() == (True, 1)
    assert acted.restore(settings.paths.at(names.GATE_ACTED)).lanes is Lanes.OPEN
    server.close()


async def test_the_gate_hears_of_closed_lanes_whatever_becomes_of_the_note(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await started(settings.paths, uptime=50)
    agent = Agent(settings)
    await agent.keeper.turn()

    def full(path: Path, told: acted.Acted) -> None:
        raise OSError(f"no space for {told} in {path}")

    monkeypatch.setattr(acted, "keep", full)
    agent.board.update(grant=grant(Lanes.CLOSED))
    with pytest.raises(OSError, match="no space"):
        await agent.keeper.turn()
    assert agent.board.facts.lanes is Lanes.CLOSED
    assert agent.asked()[0], "and Postfix reloads"
    server.close()
