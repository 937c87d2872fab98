"""Which pods of a pool are its entries, and which check the others: the same answer for routing, labels and health."""

from collections.abc import Iterable, Sequence

from smtppool.control.assess import Assessment
from smtppool.control.view import PoolView, ServerView
from smtppool.policy.entry import Candidate, choose_checking, choose_entries
from smtppool.policy.votes import down_by_vote

Assessed = tuple[ServerView, Assessment]


def chosen_entries(pool: PoolView, assessed: Sequence[Assessed]) -> frozenset[str]:
    """Names of servers. A pool that cannot be read keeps as many entries as it has."""
    candidates = _candidates(assessed, down=seen_down(pool, assessed))
    return choose_entries(candidates, replicas=_replicas(pool, candidates))


def checking(pool: PoolView, assessed: Sequence[Assessed]) -> frozenset[str]:
    """Names of servers that check the others: more than the entries, if those are few."""
    candidates = _candidates(assessed, down=frozenset())
    return choose_checking(candidates, replicas=_replicas(pool, candidates))


def seen_down(pool: PoolView, assessed: Sequence[Assessed]) -> frozenset[str]:
    """Members to which most of the others that check them cannot connect."""
    jury = checking(pool, assessed)
    votes = {
        view.key.name: frozenset(view.own_report.down)
        for view, _ in assessed
        if view.key.name in jury and view.own_report and view.pod is not None and view.pod.ready
    }
    return down_by_vote([view.key.name for view, _ in assessed], votes)


def _replicas(pool: PoolView, candidates: Iterable[Candidate]) -> int:
    return sum(candidate.labelled for candidate in candidates) if pool.spec is None else pool.spec.entry.replicas


def _candidates(assessed: Iterable[Assessed], *, down: frozenset[str]) -> list[Candidate]:
    return [
        _candidate(view, assessment, down=view.key.name in down)
        for view, assessment in assessed
        if view.pod is not None
    ]


def _candidate(view: ServerView, assessment: Assessment, *, down: bool) -> Candidate:
    pod = view.pod
    return Candidate(
        name=view.key.name,
        node=(pod.node or "") if pod else "",
        labelled=pod is not None and pod.labelled,
        ready=pod is not None and pod.ready,
        leaving=view.deleted or assessment.drain.leaves or assessment.member.rolling or assessment.member.terminating,
        down=down,
    )
