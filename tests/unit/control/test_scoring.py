"""What cannot be recorded does not happen, and the pool's status says what is in the way."""

import asyncio
from copy import deepcopy
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from smtppool.api.documents import Report
from smtppool.api.health_record import HealthRecord
from smtppool.api.names import GRANT_KEY, REPORT_KEY, SERVER, Key, health_name
from smtppool.api.outcomes import Outcomes, ProviderOutcomes, Standing, WindowCounts, WindowName
from smtppool.control.conditions.healthy import healthy, pool_healthy
from smtppool.control.conditions.observed import PoolObserved
from smtppool.control.conditions.pool_reconciled import pool_reconciled
from smtppool.control.context import Context
from smtppool.control.neighbours import INDEXES, Neighbours
from smtppool.control.reading import Reader
from smtppool.control.scored import Scored
from smtppool.control.scoring import TRIED_AGAIN, pass_health
from smtppool.control.view import Gatherer
from smtppool.kube.apply import Applied, Conflict, Outcome, Terminating, stamped
from smtppool.kube.cache import Cache, Ref
from smtppool.kube.errors import RefusedError
from smtppool.kube.kinds import CONFIG_MAP, Body
from smtppool.policy.verdict import Verdict
from tests.unit.control.asked import Asked
from tests.unit.control.bodies import GRANT, NOW, REPORT, Cluster, document

POOL_KEY = Key("mail", "marketing")
CONFLICT = Conflict(kind=CONFIG_MAP, key=Key("mail", health_name("marketing")), owner=None)


def outcomes(delivered: int, bounced: int) -> Outcomes:
    counts = WindowCounts(delivered=delivered, bounced={"SpamBlock": bounced})
    windows = dict.fromkeys(WindowName, counts)
    return tuple(ProviderOutcomes(provider=name, windows=windows) for name in ("google", "yahoo"))


def member(name: str, number: int, counted: Outcomes) -> list[Body]:
    """A server in traffic with all that it needs."""
    cluster, address, pod_address = Cluster(), f"198.51.100.{number}", f"10.244.1.{number}"
    own: dict[str, Any] = {"server": name, "pod_uid": f"{name}-pod", "pod_address": pod_address}
    check = GRANT.egress_check.model_copy(update={"expected": address})
    egress = REPORT.egress.model_copy(update={"observed_address": address})
    grant = document(f"{name}-grant", GRANT_KEY, GRANT.model_copy(update=own | {"egress_check": check}))
    report = Report.model_validate(
        (REPORT.model_copy(update=own | {"egress": egress, "outcomes": counted})).model_dump()
    )
    server, pod = deepcopy(cluster.server), deepcopy(cluster.pod)
    assert pod is not None
    server["metadata"] |= {"name": name, "uid": f"{name}-uid"}
    server["spec"]["relay"] = {"hostname": f"{name}.example.com", "egress": {"address": address}}
    pod["metadata"] |= {"name": f"{name}-relay-0", "uid": f"{name}-pod"}
    pod["status"]["podIP"] = pod_address
    children = [grant, document(f"{name}-report", REPORT_KEY, report), pod]
    for child in children:
        child["metadata"]["labels"] = {**child["metadata"]["labels"], SERVER: name}
        child["metadata"]["annotations"] = dict.fromkeys(child["metadata"]["annotations"], f"{name}-uid")
    return [server, *children]


class Writer:
    """Answers each write as told, and keeps what it takes."""

    def __init__(self, cache: Cache) -> None:
        self.cache, self.answer, self.asked = cache, cast("Outcome | Exception | None", None), 0

    async def apply(self, manifest: Body, *, owner: str) -> Outcome:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is not None:
            return self.answer
        body = stamped(manifest, owner)
        body["metadata"] |= {"uid": "health", "resourceVersion": str(self.asked)}
        self.cache.store(body)
        return Applied(body=body, created=True)


class Pool:
    """Two members, of which mx1 is bad."""

    def __init__(self) -> None:
        self.now = NOW
        cache, reader = Cache(indexes=INDEXES), Reader()
        pool = Cluster().pool
        assert pool is not None
        for one in (pool, *member("mx1", 11, outcomes(800, 200)), *member("mx2", 12, outcomes(1000, 1))):
            cache.store(one)
        gatherer = Gatherer(cache=cache, reader=reader)
        self.writer = Writer(cache)
        unused: Any = None
        self.context = Context(
            settings=unused,
            api=unused,
            cache=cache,
            reader=reader,
            gatherer=gatherer,
            neighbours=Neighbours(cache=cache, reader=reader, gatherer=gatherer, operator_namespace="system"),
            writer=cast("Any", self.writer),
            marker=unused,
            statuses=unused,
            recorder=unused,
            clock=lambda: self.now,
            settled_at=NOW - timedelta(hours=1),
        )
        self.context.queues = cast("Any", SimpleNamespace(routing=Asked(), pools=Asked(), servers=Asked()))

    def look(self, after: float = 0) -> Scored:
        self.now = NOW + timedelta(seconds=after)
        asyncio.run(pass_health(self.context, POOL_KEY))
        return self.context.scored[POOL_KEY]

    def reconciled(self) -> Verdict:
        view = self.context.gatherer.pool(POOL_KEY)
        assert view is not None
        observed = PoolObserved(
            view=view,
            accepted=Verdict("True", "Accepted", ""),
            problems=(),
            servers=(),
            routing=None,
            roll=cast("Any", SimpleNamespace(outdated=0)),
            scored=self.context.scored[POOL_KEY],
        )
        return pool_reconciled(observed)


def test_a_cut_is_recorded_and_in_force() -> None:
    pool = Pool()
    found = pool.look().member("mx1")
    assert found is not None
    assert found.relay.standing is Standing.OUT
    assert pool.context.health_record(POOL_KEY).servers.keys() == {"mx1"}
    assert pool.reconciled().status == "True"


@pytest.mark.parametrize(
    ("answer", "reason", "told"),
    [
        (CONFLICT, "Conflict", "marketing-health exists and is not ours"),
        (RefusedError("exceeded quota: configmaps", status=403), "Refused", "exceeded quota"),
        (Terminating(body={}), "ChildTerminating", "being deleted"),
    ],
)
def test_what_cannot_be_recorded_does_not_happen(answer: Outcome | Exception, reason: str, told: str) -> None:
    pool = Pool()
    pool.writer.answer = answer
    scored = pool.look()
    found = scored.member("mx1")
    assert found is not None
    assert (found.relay.standing, found.share) == (Standing.ACTIVE, 1.0)
    assert pool.context.health_record(POOL_KEY) == HealthRecord()
    assert pool.reconciled()[:2] == ("False", reason)
    assert told in pool.reconciled().message
    assert pool_healthy(scored)[:2] == ("False", "NotRecorded")
    assert told in pool_healthy(scored).message
    assert healthy(scored, "mx1").message.endswith("it stays: NotRecorded")
    assert pool.context.queues.pools.later == {POOL_KEY}  # type: ignore[attr-defined]


def test_it_is_tried_again_after_a_while_and_then_happens() -> None:
    pool = Pool()
    pool.writer.answer = CONFLICT
    for second in range(5):
        pool.look(second)
    assert pool.writer.asked == 1
    pool.writer.answer = None
    scored = pool.look(TRIED_AGAIN.total_seconds())
    found = scored.member("mx1")
    assert found is not None
    assert (found.relay.standing, scored.held) == (Standing.OUT, None)
    assert pool.reconciled().status == "True"


def test_the_status_says_what_the_record_says_where_memory_differs() -> None:
    """The record was taken away, and something else has its name."""
    pool = Pool()
    pool.look()
    pool.context.cache.forget(Ref(CONFIG_MAP, Key("mail", health_name("marketing"))), version=9)
    pool.writer.answer = CONFLICT
    found = pool.look(5).member("mx1")
    assert found is not None
    assert found.relay.standing is Standing.ACTIVE
