"""Who is down, by the word of others."""

import pytest

from smtppool.policy.votes import down_by_vote


@pytest.mark.parametrize(
    ("votes", "down"),
    [
        ({}, set()),
        ({"mx2": {"mx1"}}, {"mx1"}),
        ({"mx2": {"mx1"}, "mx3": set()}, set()),
        ({"mx2": {"mx1"}, "mx3": {"mx1", "mx2"}, "mx4": set()}, {"mx1"}),
        ({"mx1": {"mx1"}}, set()),
        ({"mx1": {"mx2"}, "mx2": {"mx1"}}, {"mx1", "mx2"}),
        ({"mx1": {"mx2", "mx3"}, "mx2": {"mx1"}, "mx3": {"mx1"}}, {"mx1"}),
    ],
    ids=["nobody checks", "the only one", "half", "most", "no vote on oneself", "each says it of the other", "cut off"],
)
def test_most_of_the_others_decide(votes: dict[str, set[str]], down: set[str]) -> None:
    names = {"mx1", "mx2", "mx3", "mx4"}
    assert down_by_vote(names, {voter: frozenset(seen) for voter, seen in votes.items()}) == down
