"""Which members are down, by the word of those that check them: one observer may itself be the one that is cut off."""

from collections.abc import Collection, Mapping


def down_by_vote(names: Collection[str], votes: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Those of `names` that most of the others see down. `votes`: for each checking member whom its checks see down."""
    return frozenset(name for name in names if _outvoted(name, votes))


def _outvoted(name: str, votes: Mapping[str, frozenset[str]]) -> bool:
    """Nobody has a vote on itself."""
    others = [down for voter, down in votes.items() if voter != name]
    return sum(name in down for down in others) * 2 > len(others)
