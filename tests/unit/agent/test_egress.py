"""The rhythm of the egress check, and what an observation keeps."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from smtppool.agent import egress
from smtppool.agent.facts import Board
from smtppool.agent.settings import Paths, Settings
from smtppool.api import names
from smtppool.api.documents import EgressCheckOrder, EgressObservation, Grant
from tests.unit.agent.own import own_settings
from tests.unit.agent.test_echo import host, smtp

ORDER = EgressCheckOrder(endpoint="smtp://echo.example.net", interval_seconds=300, expected="198.51.100.1")
SEEN = EgressObservation(observed_address="198.51.100.1", observed_at="2026-11-21T16:00:00.000Z")


@pytest.mark.parametrize(
    ("misses", "seconds"), [(0, 300), (1, 2), (30, 2), (31, 4), (32, 8), (36, 128), (38, 300), (10**6, 300)]
)
def test_delay(misses: int, seconds: float) -> None:
    assert egress.delay(ORDER, SEEN, misses=misses) == seconds


def test_a_short_interval_is_never_exceeded() -> None:
    assert egress.delay(ORDER.model_copy(update={"interval_seconds": 1}), SEEN, misses=5) == 1


def test_a_failure_keeps_the_last_address_and_the_time_at_which_failing_began() -> None:
    once = egress.failed(SEEN, "no answer", now=0)
    twice = egress.failed(once, "refused", now=60)
    assert (twice.observed_address, twice.observed_at) == (SEEN.observed_address, SEEN.observed_at)
    assert (twice.error, twice.error_since) == ("refused", "1970-01-01T00:00:00.000Z")
    again = egress.succeeded("198.51.100.1", now=90)
    assert (again.error, again.error_since, again.observed_at) == (None, None, "1970-01-01T00:01:30.000Z")


async def observe_once(own: Settings, port: int) -> None:
    """One check, kept on the volume."""
    board = Board()
    order = EgressCheckOrder(endpoint=f"smtp://127.0.0.1:{port}", expected="198.51.100.7")
    board.update(grant=Grant(server="mx1", egress_check=order))
    checked = asyncio.Event()
    watch = asyncio.create_task(egress.EgressWatch(settings=own, board=board).run(checked.set))
    async with asyncio.timeout(5):
        await checked.wait()
    watch.cancel()
    await asyncio.wait({watch})


def booted(root: Path, *, boot: str = "b1f4") -> None:
    """The kernel's and the network's identity below the root, and the volume."""
    for name, text in ((egress.BOOT_ID, f"{boot}\n"), (egress.NETWORK, "")):
        file = Paths(root=root).at(name)
        file.parent.mkdir(parents=True)
        file.write_text(text)
    Paths(root=root).at(names.STATE_DIR).mkdir(parents=True)


def other_boot(root: Path) -> None:
    Paths(root=root).at(egress.BOOT_ID).write_text("c0de\n")


def other_network(root: Path) -> None:
    """A sandbox made anew that got the same address."""
    file = Paths(root=root).at(egress.NETWORK)
    file.rename(file.with_name("before"))
    file.touch()


def unknown_boot(root: Path) -> None:
    Paths(root=root).at(egress.BOOT_ID).unlink()


def unknown_network(root: Path) -> None:
    Paths(root=root).at(egress.NETWORK).unlink()


async def keep_one(root: Path) -> None:
    async with host(smtp("220 echo\r\n", "250 hello [198.51.100.7]\r\n")) as port:
        await observe_once(own_settings(root), port)


def restored(own: Settings) -> str | None:
    board = Board()
    egress.EgressWatch(settings=own, board=board).restore()
    return board.facts.egress.observed_address


RESTARTS = {
    "the agent alone": ({}, "198.51.100.7"),
    "another pod": ({"uid": "other"}, None),
    "the same pod at another address": ({"address": "10.244.1.6"}, None),
}


@pytest.mark.parametrize(("changed", "observed"), RESTARTS.values(), ids=RESTARTS)
async def test_an_observation_is_kept_for_the_same_pod_at_the_same_address(
    tmp_path: Path, changed: dict[str, str], observed: str | None
) -> None:
    booted(tmp_path)
    await keep_one(tmp_path)
    assert restored(own_settings(tmp_path, **changed)) == observed


@pytest.mark.parametrize("change", [other_boot, other_network, unknown_boot, unknown_network])
async def test_the_same_pod_and_address_are_not_enough(tmp_path: Path, change: Callable[[Path], None]) -> None:
    booted(tmp_path)
    await keep_one(tmp_path)
    change(tmp_path)
    assert restored(own_settings(tmp_path)) is None


@pytest.mark.parametrize("unknown", [unknown_boot, unknown_network])
async def test_what_is_unknown_at_both_times_is_not_the_same(tmp_path: Path, unknown: Callable[[Path], None]) -> None:
    booted(tmp_path)
    unknown(tmp_path)
    await keep_one(tmp_path)
    assert restored(own_settings(tmp_path)) is None


async def test_a_kernel_says_both(tmp_path: Path) -> None:
    """On a real one, where a restarted agent goes on from what it saw."""
    Paths(root=tmp_path).at(names.STATE_DIR).mkdir(parents=True)
    (tmp_path / "proc").symlink_to("/proc")
    await keep_one(tmp_path)
    assert restored(own_settings(tmp_path)) == "198.51.100.7"


@pytest.mark.parametrize("name", ["podUid", "podAddress", "bootId", "network"])
async def test_an_observation_that_does_not_say_of_whom_it_is_is_not_taken(tmp_path: Path, name: str) -> None:
    booted(tmp_path)
    await keep_one(tmp_path)
    file = Paths(root=tmp_path).at(names.STATE_DIR) / egress.FILE
    kept = json.loads(file.read_text())
    del kept[name]
    file.write_text(json.dumps(kept))
    assert restored(own_settings(tmp_path)) is None
