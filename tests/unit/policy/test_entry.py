"""Entry pods: at most the number asked for, ready, spread, stable."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.policy.entry import Candidate, choose_entries


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
def test_leaving_pods_are_a_last_resort(pods: list[Candidate], replicas: int) -> None:
    chosen = [one for one in pods if one.name in choose_entries(pods, replicas=replicas)]
    assert len(chosen) <= replicas
    if any(one.ready and not (one.leaving or one.down) for one in pods):
        assert not any(one.leaving or one.down for one in chosen)
        assert any(one.ready for one in chosen)
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
