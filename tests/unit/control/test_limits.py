"""A pool has room for so many servers; which of more count does not depend on their names."""

from typing import Any

from smtppool.api.base import API_VERSION
from smtppool.api.names import Key
from smtppool.api.smtppool import MAX_SERVERS
from smtppool.control.limits import within
from smtppool.control.neighbours import INDEXES, Neighbours
from smtppool.control.reading import Reader
from smtppool.control.view import Gatherer, PoolView
from smtppool.kube.cache import Cache

Body = dict[str, Any]


def server(name: str, *, created: str = "2026-01-01T00:00:00Z") -> Body:
    """A server of the pool."""
    metadata = {"name": name, "namespace": "mail", "uid": f"uid-{name}", "creationTimestamp": created}
    spec = {"poolRef": {"name": "marketing"}, "smarthost": {"host": "smtp.example.net"}, "warmup": {"mode": "Warm"}}
    return {
        "apiVersion": API_VERSION,
        "kind": "SmtpServer",
        "metadata": metadata | {"resourceVersion": "1"},
        "spec": spec,
    }


FULL = [server(f"mx{number:03}") for number in range(MAX_SERVERS)]
LATE = server("a", created="2026-01-01T00:00:01Z")


def test_all_of_a_pool_that_is_full() -> None:
    assert within(FULL) == FULL


def test_the_oldest_of_more() -> None:
    assert within([LATE, *FULL]) == FULL


def test_one_too_many_is_known_and_not_routed() -> None:
    cache, reader = Cache(indexes=INDEXES), Reader()
    for body in (LATE, *FULL):
        cache.store(body)
    gatherer = Gatherer(cache=cache, reader=reader)
    neighbours = Neighbours(cache=cache, reader=reader, gatherer=gatherer, operator_namespace="smtppool-system")
    pool = PoolView(key=Key("mail", "marketing"), body={"metadata": {"uid": "pool"}}, spec=None, errors=())
    members = gatherer.servers_of(pool)
    assert len(members) == MAX_SERVERS
    assert not any(neighbours.is_surplus(member) for member in members)
    late = gatherer.server(Key("mail", "a"))
    assert late is not None
    assert neighbours.is_surplus(late)
