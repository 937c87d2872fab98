"""Entry pods: at most the number asked for, ready, spread, stable."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.policy.entry import Candidate, choose_checking, choose_entries
from smtppool.policy.votes import down_by_vote


def pod(
    name: str,
    node: str = "n1",
    *,
    labelled: bool = False,
    ready: bool = True,
    leaving: bool = False,
    down: bool = False,
) -> Candidate:
    return Candidate(name, node, labelled, ready, leaving, down)


@pytest.mark.parametrize(
    ("pods", "replicas", "chosen"),
    [
        ([], 3, set()),
        ([pod("a"), pod("b")], 5, {"a", "b"}),
        ([pod("a"), pod("b"), pod("c", "n2")], 2, {"a", "c"}),
        ([pod("a"), pod("b", labelled=True), pod("c")], 1, {"b"}),
        ([pod("a", labelled=True, ready=False), pod("b")], 1, {"b"}),
        ([pod("a"), pod("b", ready=False), pod("c", "n2", ready=False)], 2, {"a"}),
        ([pod("a", labelled=True, leaving=True), pod("b")], 1, {"b"}),
        ([pod("a", labelled=True, leaving=True), pod("b", ready=False)], 1, {"a"}),
        ([pod("a", leaving=True), pod("b", leaving=True)], 2, {"a", "b"}),
        ([pod("a", ready=False), pod("b", ready=False, labelled=True)], 1, {"b"}),
        ([pod("a", labelled=True, down=True), pod("b")], 2, {"b"}),
        ([pod("a", labelled=True, down=True), pod("b", leaving=True)], 1, {"b"}),
        ([pod("a", labelled=True, down=True), pod("b", labelled=True, down=True)], 2, {"a", "b"}),
        ([pod("a", labelled=True, down=True), pod("b", ready=False)], 1, {"a"}),
    ],
    ids=[
        "none",
        "all",
        "spread",
        "stable",
        "ready first",
        "no unready one while another serves",
        "no leaving one",
        "leaving serves",
        "all leave",
        "all unready",
        "no down one, also without another in its place",
        "leaving before down",
        "all down",
        "down before unready",
    ],
)
def test_table(pods: list[Candidate], replicas: int, chosen: set[str]) -> None:
    assert choose_entries(pods, replicas=replicas) == chosen


PODS = st.lists(
    st.builds(
        Candidate,
        st.from_regex(r"[a-z]{3}", fullmatch=True),
        st.sampled_from(["n1", "n2", "n3"]),
        st.booleans(),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
    max_size=12,
    unique_by=lambda candidate: candidate.name,
)
REPLICAS = st.integers(1, 6)


@given(PODS, REPLICAS)
def test_pods_that_cannot_serve_are_a_last_resort(pods: list[Candidate], replicas: int) -> None:
    chosen = [one for one in pods if one.name in choose_entries(pods, replicas=replicas)]
    assert len(chosen) <= replicas
    if any(one.ready and not (one.leaving or one.down) for one in pods):
        assert not any(one.leaving or one.down or not one.ready for one in chosen)
    elif any(one.ready for one in pods):
        assert any(one.ready for one in chosen)


@given(PODS, REPLICAS)
def test_choosing_again_changes_nothing(pods: list[Candidate], replicas: int) -> None:
    first = choose_entries(pods, replicas=replicas)
    labelled = [one._replace(labelled=one.name in first) for one in pods]
    assert choose_entries(labelled, replicas=replicas) == first


@given(PODS, REPLICAS)
def test_nodes_are_used_evenly(pods: list[Candidate], replicas: int) -> None:
    equal = [one._replace(ready=True, leaving=False, down=False) for one in pods]
    chosen = choose_entries(equal, replicas=replicas)
    used = Counter(one.node for one in equal if one.name in chosen)
    spare = {one.node for one in equal if one.name not in chosen}
    assert all(max(used.values()) - used[node] <= 1 for node in spare)


def labels_over_time(reports: dict[str, str], labelled: str, *, names: str, replicas: int) -> list[str]:
    """Who has the label after each of some passes; `reports`: whom each member sees down if it checks."""
    seen = [labelled]
    for _ in range(6):
        before = [pod(name, labelled=name in seen[-1]) for name in names]
        jury = choose_checking(before, replicas=replicas)
        down = down_by_vote(names, {name: frozenset(reports.get(name, "")) for name in jury})
        seen.append(
            "".join(sorted(choose_entries([one._replace(down=one.name in down) for one in before], replicas=replicas)))
        )
    return seen[1:]


@pytest.mark.parametrize(
    ("reports", "names", "replicas", "at_last"),
    [
        ({"b": "ac"}, "abc", 2, "ab"),
        ({"b": "acde"}, "abcde", 2, "ab"),
        ({"b": "acde"}, "abcde", 5, "abcde"),
        ({"a": "bcde"}, "abcde", 1, "a"),
        ({"b": "ac", "a": "b", "c": "b"}, "abc", 2, "ac"),
        ({"b": "a", "c": "a"}, "abc", 2, "bc"),
        ({"b": "a", "c": "a"}, "abc", 1, "b"),
        ({"b": "a"}, "ab", 2, "b"),
        ({"b": "a", "a": "b"}, "ab", 2, "ab"),
        ({"b": "a"}, "ab", 1, "a"),
    ],
    ids=[
        "one of two entries sees nobody",
        "one of two in a bigger pool",
        "one of many",
        "the only entry",
        "cut off",
        "silent",
        "silent and the only entry",
        "one of two relays is silent",
        "two relays do not see each other",
        "who is no entry has no word against the only other one",
    ],
)
@pytest.mark.parametrize("first", ["all", "one"])
def test_the_same_reports_lead_to_the_same_entries_for_good(
    reports: dict[str, str], names: str, replicas: int, at_last: str, first: str
) -> None:
    """Else labels come and go as fast as the API server can write them."""
    labelled = names[:replicas] if first == "all" else min(at_last)
    over_time = labels_over_time(reports, labelled, names=names, replicas=replicas)
    assert set(over_time[2:]) == {over_time[-1]}
    assert first != "all" or over_time[-1] == at_last


@given(PODS, REPLICAS)
def test_all_entries_check_and_three_where_there_are_three(pods: list[Candidate], replicas: int) -> None:
    checking = choose_checking(pods, replicas=replicas)
    assert checking >= {one.name for one in pods if one.labelled}
    staying = [one for one in pods if one.ready and not one.leaving]
    assert len(checking) >= min(3, len(staying)) or len(pods) < 3
