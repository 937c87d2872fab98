"""Who leaves a cordoned node: as a table, and never so many that the pool has too few."""

from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.api.cordoned import CordonRule, OnCordonedNode
from smtppool.policy.cordon import CordonMember, decide_cordons
from smtppool.policy.rolling import allowed_out


def member(name: str, **fields: Any) -> CordonMember:
    """In traffic, on a node that takes pods."""
    known: dict[str, Any] = {"node": None} | dict.fromkeys(("moves", "leaving", "busy", "wished_out"), False)
    known["serves"] = True
    return CordonMember(name=name, **(known | fields))


def on(name: str, **fields: Any) -> CordonMember:
    """In traffic, on the cordoned node."""
    return member(name, **({"node": "n1"} | fields))


ELSEWHERE = [member("x"), member("y")]
OUT = {"serves": False}
UNWANTED = OUT | {"wished_out": True}
BEGUN = {"leaving": True, "busy": True}
STANDS_BY = {"leaving": True}
LEAVES, LAST, MINIMUM = CordonRule.LEAVES, CordonRule.LAST_MEMBER, CordonRule.MIN_AVAILABLE
MAXIMUM, ONE = CordonRule.MAX_UNAVAILABLE, CordonRule.ONE_AT_A_TIME


class Case(NamedTuple):
    """What is decided of each member on the cordoned node; at least 1 stays and 2 may be out unless stated."""

    name: str
    members: list[CordonMember]
    decided: dict[str, CordonRule]
    min_available: int = 1
    max_unavailable: str = "2"


CASES = (
    Case("no node is cordoned", ELSEWHERE, {}),
    Case("one of three", [on("a"), *ELSEWHERE], {"a": LEAVES}),
    Case("the only member", [on("a")], {"a": LAST}),
    Case("the last one in traffic", [on("a"), member("x", **OUT)], {"a": LAST}, min_available=0),
    Case("all members on one node", [on("a"), on("b"), on("c")], {"a": LEAVES, "b": ONE, "c": ONE}),
    Case("the next, when the first stands by", [on("a", **STANDS_BY), on("b"), on("c")],
         {"a": LEAVES, "b": LEAVES, "c": LAST}),
    Case("no more than may be out", [on("a", **STANDS_BY), on("b"), on("c")], {"a": LEAVES, "b": MAXIMUM, "c": MAXIMUM},
         max_unavailable="30%"),
    Case("minAvailable holds it", [on("a"), member("x")], {"a": MINIMUM}, min_available=2),
    Case("one that moves goes first", [on("a"), on("b", moves=True), *ELSEWHERE], {"a": ONE, "b": LEAVES}),
    Case("one that is being emptied is waited for", [on("a", **BEGUN), on("b"), *ELSEWHERE], {"a": LEAVES, "b": ONE}),
    Case("others that are out count", [on("a"), member("x", **OUT), member("y", **OUT), member("z")], {"a": MAXIMUM}),
    Case("but for those that their users want out", [on("a"), member("x", **UNWANTED), member("y", **UNWANTED),
         member("z")], {"a": LEAVES}, max_unavailable="1"),
    Case("out already: that costs nothing", [on("a", **OUT), on("b", **OUT), member("x")], {"a": LEAVES, "b": LEAVES},
         min_available=5),
    Case("its pod ends, and it moves", [on("a", **OUT, **BEGUN), on("b"), *ELSEWHERE], {"a": LEAVES, "b": ONE}),
    Case("called back when another fails", [on("a", **STANDS_BY), member("x", **OUT)], {"a": LAST}),
    Case("called back: first who cannot move", [on("a", moves=True, **BEGUN), on("b", **STANDS_BY), member("x", **OUT)],
         {"a": LEAVES, "b": LAST}),
    Case("called back below minAvailable", [on("a", **STANDS_BY), member("x"), member("y", **OUT)], {"a": MINIMUM},
         min_available=2),
    Case("called back when nobody served for a moment", [on(name, **STANDS_BY) for name in "abcd"],
         {"a": LEAVES, "b": LEAVES, "c": MAXIMUM, "d": MAXIMUM}),
    Case("not called back when another fails", [on("a", **STANDS_BY), member("x", **OUT), member("y"), member("z")],
         {"a": LEAVES}, max_unavailable="1"),
    Case("two nodes", [on("a"), on("b", node="n2"), *ELSEWHERE], {"a": LEAVES, "b": ONE}),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_table(case: Case) -> None:
    stays = decide_cordons(case.members, min_available=case.min_available, max_unavailable=case.max_unavailable)
    assert {one.name: one.rule for one in stays} == case.decided
    assert all(bool(one.message) is (one.rule is not LEAVES) for one in stays)


def test_every_rule_is_in_the_table() -> None:
    assert {rule for case in CASES for rule in case.decided.values()} == set(CordonRule)


def test_the_numbers_are_told() -> None:
    (stay,) = decide_cordons([on("a"), member("x")], min_available=2, max_unavailable="2")
    assert stay.message == "1 members would be in traffic, minAvailable is 2"


def test_the_status_has_room_for_what_is_told_in_the_largest_pool() -> None:
    """A status that the API server refuses would be a decision that nobody remembers."""
    names = [f"{n:03}".rjust(46, "m") for n in range(200)]
    members = [on(name, moves=True, **(OUT | BEGUN if n < 60 else {})) for n, name in enumerate(names)]
    stays = decide_cordons(members, min_available=1, max_unavailable="100%")
    assert {one.rule for one in stays} == {LEAVES, ONE}
    for one in stays:
        OnCordonedNode(server=one.name, node=one.node, decision=one.rule, message=one.message)


MEMBERS = st.lists(
    st.builds(
        CordonMember,
        name=st.sampled_from("abcdefgh"),
        node=st.sampled_from([None, "n1", "n2"]),
        moves=st.booleans(),
        serves=st.booleans(),
        leaving=st.booleans(),
        busy=st.booleans(),
        wished_out=st.booleans(),
    ).map(lambda one: replace(one, wished_out=one.wished_out and not one.serves)),
    unique_by=lambda one: one.name,
)


def wanted(members: list[CordonMember]) -> int:
    """How many their users want in the traffic."""
    return sum(not one.wished_out for one in members)


RULES = {"min_available": st.integers(0, 9), "max_unavailable": st.sampled_from(["0", "1", "2", "30%", "100%"])}


def leaving(members: list[CordonMember], min_available: int, max_unavailable: str) -> set[str]:
    decided = decide_cordons(members, min_available=min_available, max_unavailable=max_unavailable)
    assert {one.name for one in decided} == {one.name for one in members if one.node is not None}
    return {one.name for one in decided if one.rule is LEAVES}


@given(members=MEMBERS, **RULES)
def test_never_fewer_than_min_available_because_of_cordons(
    members: list[CordonMember], min_available: int, max_unavailable: str
) -> None:
    gone = leaving(members, min_available, max_unavailable)
    useful = {one.name for one in members if one.serves}
    assert len(useful - gone) >= min(len(useful), max(1, min_available))


@given(members=MEMBERS, **RULES)
def test_one_more_at_a_time_and_within_what_may_be_out(
    members: list[CordonMember], min_available: int, max_unavailable: str
) -> None:
    gone = leaving(members, min_available, max_unavailable)
    assert sum(one.serves for one in members if one.name in gone) <= allowed_out(max_unavailable, wanted(members))
    new = [one for one in members if one.name in gone and one.serves and not one.leaving]
    assert len(new) <= 1
    if new:
        serving = sum(one.serves and one.name not in gone for one in members)
        assert wanted(members) - serving <= allowed_out(max_unavailable, wanted(members))
        assert not any(one.busy for one in members if one.name in gone and one.leaving)


@given(members=MEMBERS, **RULES)
def test_what_was_decided_is_decided_again(
    members: list[CordonMember], min_available: int, max_unavailable: str
) -> None:
    """Else members would come and go with every look. Whoever was picked is under way then."""
    gone = leaving(members, min_available, max_unavailable)
    later = [
        CordonMember(
            name=one.name,
            node=one.node,
            moves=one.moves,
            serves=one.serves,
            leaving=one.name in gone,
            busy=one.busy or one.name in gone,
            wished_out=one.wished_out,
        )
        for one in members
    ]
    assert leaving(later, min_available, max_unavailable) == gone
