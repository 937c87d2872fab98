"""Each step of health is told once, by its name, also by an operator that was started in between."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pytest

from smtppool.api.outcomes import Standing
from smtppool.api.pool_health import HealthAction
from smtppool.control.health_events import NEWS, steps, tell_steps
from smtppool.control.scored import Scored
from smtppool.kube.client import Api
from smtppool.kube.errors import StaleError
from smtppool.kube.events import Recorder
from smtppool.kube.kinds import Body
from smtppool.policy.health.decision import Decision, PoolState
from smtppool.policy.health.examine import ServerState
from smtppool.policy.health.record import recall, remember
from smtppool.policy.health.track import Track
from tests.unit.control.bodies import NOW, Cluster

CUT = Track().cut("BounceRate", "bounce 20 % of 2000 in 15 s, limit 3 %", NOW + timedelta(milliseconds=321))
PROBATION = CUT.returned("PauseOver", "mx1 is on probation; it was out for: bounce 20 %", NOW)
BACK = PROBATION.restored(NOW)


class Events(Api):
    """An API server that keeps Events by their name."""

    def __init__(self) -> None:
        self.kept: dict[str, Body] = {}

    async def create(self, body: Body, *, manager: str, dry_run: bool = False) -> Body:
        del manager, dry_run
        if body["metadata"]["name"] in self.kept:
            raise StaleError("exists")
        self.kept[body["metadata"]["name"]] = body
        return body

    @property
    def told(self) -> list[tuple[str, str, str]]:
        return [(event["type"], event["reason"], event["message"]) for event in self.kept.values()]


async def tell(api: Api, state: ServerState, *, recorder: Recorder | None = None, **pool: Any) -> None:
    cluster = Cluster()
    assert cluster.pool is not None
    cluster.pool["spec"] |= pool
    view, _, _ = cluster.look()
    context: Any = SimpleNamespace(recorder=recorder or Recorder(api=api), clock=lambda: NOW + timedelta(minutes=1))
    scored = Scored(uid="pool-uid", state=PoolState(servers={"mx1": state}), decision=Decision(members=()))
    await tell_steps(context, view, scored)


@pytest.mark.parametrize("action", HealthAction)
async def test_a_cut_is_told_by_what_is_done(action: HealthAction) -> None:
    api = Events()
    await tell(api, ServerState(CUT), health={"action": action.value})
    assert api.told == [("Warning", action.value, "mx1: bounce 20 % of 2000 in 15 s, limit 3 %")]


async def test_a_second_provider_under_the_same_reason_has_an_event_of_its_own() -> None:
    api = Events()
    recorder = Recorder(api=api)
    await tell(api, ServerState(providers={"google": CUT}), recorder=recorder)
    await tell(api, ServerState(providers={"google": CUT, "yahoo": CUT}), recorder=recorder)
    await tell(api, ServerState(providers={"google": CUT, "yahoo": BACK}), recorder=recorder)
    assert [told[:2] for told in api.told] == [
        ("Warning", "ExcludeProvider"),
        ("Warning", "ExcludeProvider"),
        ("Normal", "Restore"),
    ]
    assert api.told[2][2] == "mx1 at yahoo has passed its probation"


async def test_what_was_told_is_not_told_after_a_restart_and_what_was_not_is() -> None:
    api, state = Events(), PoolState(servers={"mx1": ServerState(CUT, {"yahoo": PROBATION, "google": BACK})})
    after = recall(remember(state)).servers["mx1"]
    await tell(api, ServerState(CUT))
    await tell(api, after)
    assert [reason for _, reason, _ in api.told] == ["Cordon", "Restore", "Return"]
    await tell(api, state.servers["mx1"])
    assert len(api.told) == 3


async def test_what_was_long_ago_is_no_news() -> None:
    old = Track().cut("BounceRate", "bounce 20 %", NOW - NEWS)
    api = Events()
    await tell(api, ServerState(old))
    assert api.told == []


async def test_a_dry_run_says_that_it_is_one() -> None:
    api = Events()
    await tell(api, ServerState(CUT), mode="Observe")
    assert api.told[0][2].startswith("mode Observe, so not done: mx1: bounce")


def test_a_relay_that_was_never_cut_has_no_step() -> None:
    assert not list(steps(ServerState(Track(since=NOW)), server="mx1", action=HealthAction.CORDON))
    assert CUT.standing is Standing.OUT


async def test_a_deleted_server_has_none() -> None:
    cluster = Cluster()
    cluster.server["metadata"]["deletionTimestamp"] = "2025-11-21T12:00:00Z"
    view, _, _ = cluster.look()
    context: Any = SimpleNamespace(recorder=AsyncMock(), clock=lambda: NOW)
    scored = Scored(uid="u", state=PoolState(servers={"mx1": ServerState(CUT)}), decision=Decision(members=()))
    await tell_steps(context, view, scored)
    context.recorder.emit.assert_not_called()
