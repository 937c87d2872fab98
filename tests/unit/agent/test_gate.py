"""A gate that was started anew: held mail is flushed, if lanes are open. The gate's own code answers."""

from collections.abc import Iterator

import pytest

from smtppool.agent import gate
from smtppool.agent.domains import DomainBook
from smtppool.agent.facts import Board
from smtppool.agent.gate import GateKeeper
from smtppool.agent.settings import Settings
from smtppool.api import names
from smtppool.api.documents import GateTable, Lanes
from smtppool.gate.service import Gate
from smtppool.gate.table import Rules
from tests.unit.agent.gates import ROUTING, grant, served, short_settings, started


@pytest.fixture
def settings() -> Iterator[Settings]:
    with short_settings() as found:
        yield found


@pytest.mark.parametrize(("lanes", "flushes"), [(Lanes.OPEN, 1), (Lanes.CLOSED, 0)])
async def test_mail_that_waited_for_the_gate_is_flushed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, lanes: Lanes, flushes: int
) -> None:
    monkeypatch.setattr(gate, "STATUS_INTERVAL", 0)
    board = Board()
    asked: list[str] = []
    board.update(grant=grant(lanes), routing=ROUTING)
    keeper = GateKeeper(settings=settings, board=board, flush=noting(asked), domains=DomainBook())
    first = await started(settings.paths, uptime=50)
    await keeper.turn()
    first.close()
    asked.clear()  # lanes may have opened
    with pytest.raises(OSError):  # noqa: PT011 - whatever the system calls it
        await keeper.turn()
    second = await started(settings.paths, uptime=0)
    await keeper.turn()
    assert len(asked) == flushes
    await keeper.turn()
    assert len(asked) == flushes, "once for each start"
    second.close()


async def test_mail_of_an_excluded_provider_is_flushed_to_peers_once(settings: Settings) -> None:
    board, book = Board(), DomainBook()
    asked: list[str] = []
    board.update(grant=grant(), routing=ROUTING)
    keeper = GateKeeper(settings=settings, board=board, flush=noting(asked), domains=book)
    server = await started(settings.paths, uptime=50)
    await keeper.turn()
    asked.clear()
    board.update(grant=grant(Lanes.OPEN, "apple"))
    await keeper.turn()
    await keeper.turn()
    assert asked == ["once"]
    assert handed_over(settings) == ("icloud.com", "mac.com", "me.com")
    book.learn("orchard.example", "apple")
    await keeper.turn()
    assert asked == ["once"], "a learned domain waits: a flush is an attempt at every provider"
    assert "orchard.example" in handed_over(settings)
    board.update(grant=grant(Lanes.OPEN, "apple", "yahoo"))
    await keeper.turn()
    assert asked == ["once", "once"]
    board.update(grant=grant())
    await keeper.turn()
    assert handed_over(settings) == ()
    assert len(asked) == 2
    server.close()


async def test_active_mail_of_an_excluded_provider_asks_the_gate_again_once(settings: Settings) -> None:
    board, book = Board(), DomainBook()
    answers: list[frozenset[str]] = []  # what the gate hands over at the time of each request
    request = settings.paths.at(names.RELOAD_REQUEST)

    def flush(*, again: bool) -> None:
        del again
        assert request.exists()
        assert isinstance(program.rules, Rules)
        answers.append(program.rules.handed_over)
        request.unlink()

    board.update(grant=grant(), routing=ROUTING)
    keeper = GateKeeper(settings=settings, board=board, flush=flush, domains=book)
    program = Gate(settings.paths.at(names.GATE_TABLE))
    server = await served(program, settings.paths)
    await keeper.turn()
    board.update(grant=grant(Lanes.OPEN, "apple"))
    await keeper.turn()
    book.learn("orchard.example", "apple")
    await keeper.turn()
    assert answers == [frozenset(), {"icloud.com", "mac.com", "me.com"}]
    assert not request.exists()
    server.close()


@pytest.mark.parametrize("lanes", [Lanes.CLOSED, Lanes.HANDOVER])
async def test_an_exclusion_moves_no_mail_while_no_mail_goes_its_own_way(settings: Settings, lanes: Lanes) -> None:
    board = Board()
    asked: list[str] = []
    board.update(grant=grant(lanes), routing=ROUTING)
    keeper = GateKeeper(settings=settings, board=board, flush=noting(asked), domains=DomainBook())
    server = await started(settings.paths, uptime=50)
    await keeper.turn()
    asked.clear()
    settings.paths.at(names.RELOAD_REQUEST).unlink(missing_ok=True)
    board.update(grant=grant(lanes, "apple"))
    await keeper.turn()
    assert not asked
    assert not settings.paths.at(names.RELOAD_REQUEST).exists()
    server.close()


def noting(asked: list[str]) -> gate.Flush:
    def flush(*, again: bool) -> None:
        asked.append("again" if again else "once")

    return flush


def handed_over(settings: Settings) -> tuple[str, ...]:
    return GateTable.model_validate_json(settings.paths.at(names.GATE_TABLE).read_bytes()).handed_over
