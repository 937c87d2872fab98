"""Which relay pods carry the entry label, that is, take connections from the pool's Service.

An entry pod balances for the whole pool, so weight and lanes do not matter here: with every member at weight 0 an
entry must still be there to answer 450.
"""

from collections import Counter
from collections.abc import Collection
from typing import Final, NamedTuple

_JURY: Final = 3  # members whose checks say who is down: of two others one alone is no majority


class Candidate(NamedTuple):
    """A relay pod that could be an entry."""

    name: str
    node: str
    labelled: bool  # carries the label now
    ready: bool
    leaving: bool  # terminating, rolling, drained or deleted
    down: bool = False  # most of the entries that check it cannot connect to it: new clients would wait in vain


def choose_entries(candidates: Collection[Candidate], *, replicas: int) -> frozenset[str]:
    """At most `replicas` names: nodes evenly, and those that have the label already.

    Pods that are not ready, that leave, or that are down, are used only while no other can serve: a relay that died is
    not ready any more long after the others forgot that it was down, and must not stand in for one that is missing.
    """
    serving = [one for one in candidates if one.ready and not (one.leaving or one.down)]
    pool = serving or list(candidates)
    chosen: list[Candidate] = []
    per_node: Counter[str] = Counter()
    for _ in range(min(replicas, len(pool))):
        best = min(
            (candidate for candidate in pool if candidate not in chosen),
            key=lambda one: (not one.ready, one.down, one.leaving, per_node[one.node], not one.labelled, one.name),
        )
        chosen.append(best)
        per_node[best.node] += 1
    return frozenset(candidate.name for candidate in chosen)


def choose_checking(candidates: Collection[Candidate], *, replicas: int) -> frozenset[str]:
    """Whose checks say who is down. Whoever is said to be down is asked all the same, as it may be the other way round.

    At least three, if there are as many: else one that cannot connect, or lies, takes one entry after the other out.
    """
    asked = [candidate._replace(down=False) for candidate in candidates]
    jury = choose_entries(asked, replicas=max(replicas, _JURY) if len(asked) >= _JURY else replicas)
    return jury | {candidate.name for candidate in candidates if candidate.labelled}
