"""Which pods of a pool are its entries, and which check the others: the same answer for routing, labels and health."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from smtppool.control.assess import Assessment
from smtppool.control.pods import PodView
from smtppool.control.view import PoolView, ServerView
from smtppool.policy.entry import Candidate, choose_checking, choose_entries
from smtppool.policy.votes import down_by_vote

Assessed = tuple[ServerView, Assessment]


class EntryPods(NamedTuple):
    """Names of servers."""

    chosen: frozenset[str]  # whose pods carry the entry label
    checking: frozenset[str]  # whose pods check the others: more than the entries, if those are few
    down: frozenset[str]  # to whose pods most of those that check them cannot connect


def entry_pods(pool: PoolView, assessed: Sequence[Assessed]) -> EntryPods:
    """A pool that cannot be read keeps as many entries as it has."""
    candidates = [_candidate(view, view.pod, assessment) for view, assessment in assessed if view.pod is not None]
    replicas = _replicas(pool, candidates)
    checking = choose_checking(candidates, replicas=replicas)
    down = down_by_vote([view.key.name for view, _ in assessed], _votes(assessed, checking))
    standing = [candidate._replace(down=candidate.name in down) for candidate in candidates]
    return EntryPods(chosen=choose_entries(standing, replicas=replicas), checking=checking, down=down)


def _votes(assessed: Iterable[Assessed], checking: frozenset[str]) -> dict[str, frozenset[str]]:
    """Whom each of those that check sees down."""
    return {
        view.key.name: frozenset(view.own_report.down)
        for view, _ in assessed
        if view.key.name in checking and view.own_report and view.pod is not None and view.pod.ready
    }


def _replicas(pool: PoolView, candidates: Iterable[Candidate]) -> int:
    return sum(candidate.labelled for candidate in candidates) if pool.spec is None else pool.spec.entry.replicas


def _candidate(view: ServerView, pod: PodView, assessment: Assessment) -> Candidate:
    return Candidate(
        name=view.key.name,
        node=pod.node or "",
        labelled=pod.labelled,
        ready=pod.ready,
        leaving=view.deleted or assessment.drain.leaves or assessment.member.rolling or assessment.member.terminating,
    )
