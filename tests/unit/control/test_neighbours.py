"""Who holds an address that several servers state: the oldest, at the price of one look, whatever happened before."""

from typing import Any
from unittest.mock import Mock

from hypothesis import given
from hypothesis import strategies as st

from smtppool.api.names import Key
from smtppool.control.neighbours import INDEXES, Neighbours
from smtppool.control.reading import Reader
from smtppool.control.view import Gatherer, ServerView
from smtppool.kube.cache import Cache, Ref
from smtppool.kube.kinds import SMTP_SERVER, Body, key_of
from smtppool.policy.acceptance import Claim, claimed_addresses, holders
from tests.unit.kube.bodies import body

MANY = 500
ADDRESSES = st.sampled_from(["198.51.100.1", "198.51.100.2", "198.51.100.3"])
# name, second of its creation, address, local address; no address: the server of that name is deleted
CHANGES = st.tuples(st.sampled_from("abcdef"), st.integers(0, 3), st.none() | ADDRESSES, st.none() | ADDRESSES)


def server(name: str, second: int, address: str, local: str | None = None, *, version: int = 1) -> Body:
    made = body(name, kind=SMTP_SERVER, version=version, creationTimestamp=f"2026-01-01T00:00:0{second}Z")
    egress = {"address": address} | ({"localAddress": local} if local else {})
    return made | {"spec": {"poolRef": {"name": f"of-{name}"}, "relay": {"hostname": "a.b", "egress": egress}}}


def around(cache: Cache) -> tuple[Neighbours, Gatherer]:
    gatherer = Gatherer(cache=cache, reader=Reader())
    return Neighbours(cache=cache, reader=Reader(), gatherer=gatherer, operator_namespace="system"), gatherer


def by_all_claims(cache: Cache) -> dict[Key, dict[str, Key]]:
    """Rivals of each server, by looking at everybody."""
    bodies = cache.all(SMTP_SERVER)
    stated = {key_of(one): claimed_addresses(one["spec"]) for one in bodies}
    claims = [
        Claim(one["metadata"]["creationTimestamp"], key_of(one), a) for one in bodies for a in stated[key_of(one)]
    ]
    held = holders(claims)
    return {key: {a: held[a] for a in addresses if held[a] != key} for key, addresses in stated.items()}


@given(st.lists(CHANGES, max_size=25))
def test_the_oldest_wins_and_all_whose_rivals_change_are_asked(changes: list[Any]) -> None:
    cache = Cache(indexes=INDEXES)
    neighbours, gatherer = around(cache)
    before: dict[Key, dict[str, Key]] = {}
    for version, (name, second, address, local) in enumerate(changes, start=1):
        known = cache.get(SMTP_SERVER, Key("mail", name))
        if known is not None:  # its addresses cannot be changed: it is made anew
            cache.forget(Ref(SMTP_SERVER, Key("mail", name)), version * 2)
            before = asked(neighbours, known, before, by_all_claims(cache))
        if address is not None:
            made = server(name, second, address, local, version=version * 2 + 1)
            cache.store(made)
            before = asked(neighbours, made, before, by_all_claims(cache))
        views = {key: gatherer.server(key) for key in before}
        assert {key: neighbours.rivals(view) for key, view in views.items() if view is not None} == before


def asked(
    neighbours: Neighbours, changed: Body, before: dict[Key, dict[str, Key]], now: dict[Key, dict[str, Key]]
) -> dict[Key, dict[str, Key]]:
    others = {key for key in before.keys() & now.keys() if before[key] != now[key]} - {key_of(changed)}
    assert others <= neighbours.concerned(changed)
    return now


def test_many_that_state_one_address_cost_one_look_each() -> None:
    cache = Cache(indexes=INDEXES)
    for number in range(MANY):
        cache.store(server(f"mx{number}", 1, "198.51.100.1"))
    neighbours, gatherer = around(cache)
    views: list[ServerView | None] = [gatherer.server(key_of(one)) for one in cache.all(SMTP_SERVER)]
    cache._age = compared = Mock(side_effect=cache._age)  # type: ignore[method-assign]
    gatherer.server = looked = Mock(side_effect=gatherer.server)  # type: ignore[method-assign]
    assert [neighbours.rivals(view) for view in views if view is not None] == [
        {}, *[{"198.51.100.1": Key("mail", "mx0")}] * (MANY - 1)
    ]  # fmt: skip
    assert compared.call_count <= MANY, "not each with each"
    holder, loser = views[0], views[-1]
    assert holder is not None
    assert loser is not None
    assert neighbours.sender(holder) is None
    assert not looked.called, "none of them has a pod"
    assert neighbours.concerned(loser.body) == {holder.key}, "one more wakes the holder, not all the others"
    assert len(neighbours.concerned(holder.body)) == MANY
