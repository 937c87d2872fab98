"""Which change asks for which pass."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from smtppool.api.base import API_VERSION
from smtppool.api.documents import Intake
from smtppool.api.names import COMPONENT, GRANT_KEY, POOL, REPORT_KEY, SERVER, Key
from smtppool.api.smtppool import MAX_SERVERS
from smtppool.control.changes import NEWS_BURST
from smtppool.control.context import Context
from smtppool.control.dispatch import Dispatcher
from smtppool.control.neighbours import INDEXES, Neighbours
from smtppool.control.reading import Reader
from smtppool.control.view import Gatherer
from smtppool.kube.cache import Cache
from tests.unit.control.asked import Asked
from tests.unit.control.bodies import GRANT, NOW, REPORT, Cluster, body, document

POOL_KEY, SERVER_KEY = Key("mail", "marketing"), Key("mail", "mx1")


class Queues:
    """All six."""

    def __init__(self) -> None:
        self.routing, self.health, self.pools, self.servers, self.plans, self.nodes = (Asked() for _ in range(6))

    def clear(self) -> None:
        self.__init__()  # type: ignore[misc]


@pytest.fixture
def queues() -> Queues:
    return Queues()


@pytest.fixture
def dispatcher(queues: Queues) -> Dispatcher:
    """With the pool and the server of `bodies` known."""
    cache, reader = Cache(indexes=INDEXES), Reader()
    gatherer = Gatherer(cache=cache, reader=reader)
    neighbours = Neighbours(cache=cache, reader=reader, gatherer=gatherer, operator_namespace="system")
    context = SimpleNamespace(
        queues=queues,
        cache=cache,
        reader=reader,
        gatherer=gatherer,
        neighbours=neighbours,
        clock=lambda: NOW,
        last_pods={},
        settings=SimpleNamespace(operator_namespace="system"),
    )
    made = Dispatcher(cast("Context", context))
    cluster = Cluster()
    for one in (cluster.pool, cluster.server, cluster.pod, cluster.grant, cluster.report):
        assert one is not None
        made.observe(None, one)
    _forget(made, queues)
    return made


def _forget(dispatcher: Dispatcher, queues: Queues) -> None:
    queues.clear()
    dispatcher._queues = cast("Any", queues)


def newer(one: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {**one, "metadata": {**one["metadata"], "resourceVersion": "2", **metadata}}


def test_an_edited_server_goes_to_the_routing_first(dispatcher: Dispatcher, queues: Queues) -> None:
    dispatcher.observe("MODIFIED", newer(Cluster().server, generation=2))
    assert queues.routing.now == {POOL_KEY}
    assert (queues.servers.now, queues.servers.later) == (set(), {SERVER_KEY})


def test_an_own_status_write_does_not_go_to_the_routing(dispatcher: Dispatcher, queues: Queues) -> None:
    dispatcher.observe("MODIFIED", {**newer(Cluster().server), "status": {"weight": 3}})
    assert queues.routing.now == set()
    assert queues.servers.now == {SERVER_KEY}


def test_a_queue_depth_waits_and_an_address_does_not(dispatcher: Dispatcher, queues: Queues) -> None:
    deeper = REPORT.model_copy(update={"sessions": 9})
    dispatcher.observe("MODIFIED", newer(document("mx1-report", REPORT_KEY, deeper)))
    assert (queues.routing.now, queues.pools.now, queues.pools.later) == (set(), set(), {POOL_KEY})
    assert (queues.servers.now, queues.servers.later) == (set(), {SERVER_KEY})
    egress = REPORT.egress.model_copy(update={"observed_address": "192.0.2.1"})
    elsewhere = newer(document("mx1-report", REPORT_KEY, REPORT.model_copy(update={"egress": egress})))
    dispatcher.observe("MODIFIED", newer(elsewhere, resourceVersion="3"))
    assert queues.routing.now == {POOL_KEY}


def test_a_depth_is_looked_at_once_when_a_deletion_may_wait_for_it(dispatcher: Dispatcher, queues: Queues) -> None:
    closed = REPORT.model_copy(update={"intake": Intake.CLOSED, "sessions": 9})
    dispatcher.observe("MODIFIED", newer(document("mx1-report", REPORT_KEY, closed)))
    _forget(dispatcher, queues)
    emptier = closed.model_copy(update={"sessions": 0})
    dispatcher.observe("MODIFIED", newer(document("mx1-report", REPORT_KEY, emptier), resourceVersion="3"))
    assert queues.servers.now == {SERVER_KEY}


def test_a_grant_and_a_pod_concern_pool_and_server(dispatcher: Dispatcher, queues: Queues) -> None:
    pod = Cluster().pod
    assert pod is not None
    for one in (document("mx1-grant", GRANT_KEY, GRANT), pod):
        _forget(dispatcher, queues)
        dispatcher.observe("MODIFIED", newer(one))
        assert queues.servers.now == {SERVER_KEY}
        assert queues.routing.now == {POOL_KEY}
    assert queues.nodes.now == {"n1"}


def test_a_child_that_lost_its_labels_is_remembered(dispatcher: Dispatcher, queues: Queues) -> None:
    role = body("ServiceAccount", "mx1-relay", "sa")
    dispatcher.observe("ADDED", role)
    _forget(dispatcher, queues)
    dispatcher.observe("MODIFIED", newer(role, labels={POOL: "marketing"}))
    assert queues.servers.now == {SERVER_KEY}


def test_a_changed_pool_concerns_all_its_servers(dispatcher: Dispatcher, queues: Queues) -> None:
    pool = Cluster().pool
    assert pool is not None
    dispatcher.observe("MODIFIED", {**newer(pool), "status": {"members": 1}})
    assert queues.servers.now == set()
    dispatcher.observe("MODIFIED", newer(pool, resourceVersion="3", generation=2))
    assert queues.servers.now == {SERVER_KEY}


def test_a_deleted_object_asks_once_more(dispatcher: Dispatcher, queues: Queues) -> None:
    dispatcher.observe("DELETED", newer(Cluster().server))
    assert queues.routing.now == {POOL_KEY}
    assert queues.servers.later == {SERVER_KEY}


def test_a_nodes_report_concerns_the_servers_with_addresses(dispatcher: Dispatcher, queues: Queues) -> None:
    labels = {COMPONENT: "egress-report"}
    report = body("ConfigMap", "n1-egress-report", "n", metadata={"namespace": "system", "labels": labels}, data={})
    dispatcher.observe("ADDED", report)
    assert queues.nodes.now == {"n1"}
    assert queues.servers.now == {SERVER_KEY}
    _forget(dispatcher, queues)
    dispatcher.observe("MODIFIED", newer(report))
    assert queues.servers.now == set()


def node(name: str, version: str, **spec: Any) -> dict[str, Any]:
    marks = {"namespace": "", "labels": {}, "resourceVersion": version}
    return body("Node", name, f"{name}-uid", spec=spec, status={"images": [version]}, metadata=marks)


def test_a_cordoned_node_concerns_the_relays_on_it(dispatcher: Dispatcher, queues: Queues) -> None:
    dispatcher.observe("ADDED", node("n1", "1"))
    _forget(dispatcher, queues)
    dispatcher.observe("MODIFIED", node("n1", "2"))
    assert queues.servers.now == set(), "only its status is new, and that comes all the time"
    dispatcher.observe("MODIFIED", node("n1", "3", unschedulable=True))
    assert (queues.servers.now, queues.routing.now, queues.pools.now) == ({SERVER_KEY}, {POOL_KEY}, {POOL_KEY})


def test_another_node_concerns_relays_that_have_to_leave_theirs(dispatcher: Dispatcher, queues: Queues) -> None:
    dispatcher.observe("ADDED", node("n1", "1"))
    _forget(dispatcher, queues)
    dispatcher.observe("ADDED", node("n2", "2"))
    assert queues.servers.now == set()
    dispatcher.observe("MODIFIED", node("n1", "3", unschedulable=True))
    _forget(dispatcher, queues)
    dispatcher.observe("ADDED", node("n3", "4"))
    assert queues.servers.now == {SERVER_KEY}


def test_a_nodes_report_that_is_made_anew_concerns_them_again(dispatcher: Dispatcher, queues: Queues) -> None:
    """Without it lanes closed, or a relay got no pod: the same report ends that."""
    labels = {COMPONENT: "egress-report"}
    report = body("ConfigMap", "n1-egress-report", "n", metadata={"namespace": "system", "labels": labels}, data={})
    dispatcher.observe("ADDED", report)
    for event, one in (("DELETED", newer(report)), ("ADDED", newer(report, uid="n2", resourceVersion="3"))):
        _forget(dispatcher, queues)
        dispatcher.observe(event, one)
        assert queues.servers.now == {SERVER_KEY}, event
        assert queues.routing.now == {POOL_KEY}, event


def test_a_report_that_is_made_anew_concerns_its_pool_again(dispatcher: Dispatcher, queues: Queues) -> None:
    report = document("mx1-report", REPORT_KEY, REPORT)
    for event, one in (("DELETED", newer(report)), ("ADDED", newer(report, uid="r2", resourceVersion="3"))):
        _forget(dispatcher, queues)
        dispatcher.observe(event, one)
        assert queues.routing.now == {POOL_KEY}, event


def test_nothing_is_kept_of_reports_that_are_gone(dispatcher: Dispatcher) -> None:
    """Else whoever makes and deletes labelled ConfigMaps fills the memory."""
    kept = dispatcher._context.reader._texts, dispatcher._known._parts
    before = [set(one) for one in kept]
    for number in range(3):
        report = document(f"r{number}-report", REPORT_KEY, REPORT)
        report["metadata"]["labels"] = {SERVER: f"r{number}"}
        dispatcher.observe("ADDED", report)
        dispatcher.observe("DELETED", newer(report))
    assert [set(one) for one in kept] == before


def test_a_relay_that_flaps_is_looked_at_a_little_later(dispatcher: Dispatcher, queues: Queues) -> None:
    """Each look may write grant, routing and statuses, and the routing goes to every agent of the pool."""
    at_once = 0
    for number in range(100):
        _forget(dispatcher, queues)
        egress = REPORT.egress.model_copy(update={"observed_address": f"192.0.2.{number}"})
        report = document("mx1-report", REPORT_KEY, REPORT.model_copy(update={"egress": egress}))
        dispatcher.observe("MODIFIED", newer(report, resourceVersion=str(number + 2)))
        asked = (queues.routing, queues.pools, queues.servers)
        assert all(queue.now | queue.later for queue in asked), "none is lost"
        at_once += bool(queues.routing.now or queues.servers.now)
    assert 0 < at_once <= NEWS_BURST


def test_a_report_without_its_text_is_a_report(dispatcher: Dispatcher, queues: Queues) -> None:
    """Else a relay that takes the text away and puts it back is not held to its budget."""
    report = document("mx1-report", REPORT_KEY, REPORT)
    at_once = 0
    for number in range(100):
        _forget(dispatcher, queues)
        text = {} if number % 2 else report["data"]
        dispatcher.observe("MODIFIED", newer(report | {"data": text}, resourceVersion=str(number + 2)))
        at_once += bool(queues.routing.now)
    assert 0 < at_once <= NEWS_BURST


def test_two_servers_of_one_address_look_at_each_other(dispatcher: Dispatcher, queues: Queues) -> None:
    server = Cluster().server
    thief = newer(server, name="thief", namespace="other", uid="thief-uid")
    assert thief["apiVersion"] == API_VERSION
    dispatcher.observe("ADDED", thief)
    assert queues.servers.now == {SERVER_KEY}
    assert POOL_KEY in queues.routing.now


def test_who_gets_the_place_of_a_deleted_server_is_asked(dispatcher: Dispatcher, queues: Queues) -> None:
    """It has no children whose events could ask for its pass."""
    server = Cluster().server
    for number in range(MAX_SERVERS):
        egress = {"address": f"203.0.113.{number}"}
        spec = server["spec"] | {"relay": {"hostname": "mx.example.com", "egress": egress}}
        created = f"2025-01-01T00:{number // 60:02}:{number % 60:02}Z"
        marks = {"name": f"n{number:03}", "uid": f"uid-{number}", "creationTimestamp": created}
        dispatcher.observe("ADDED", newer(server, **marks) | {"spec": spec})
    waiting = Key("mail", f"n{MAX_SERVERS - 1:03}")
    _forget(dispatcher, queues)
    dispatcher.observe("DELETED", newer(server, resourceVersion="9"))
    assert waiting in queues.servers.now
    assert len(queues.servers.now) == 1, "nobody else"
