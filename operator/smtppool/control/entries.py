"""Which pods of a pool are its entries: the same answer for the routing (who checks the others) and for the labels."""

from collections.abc import Iterable

from smtppool.control.assess import Assessment
from smtppool.control.view import PoolView, ServerView
from smtppool.policy.entry import Candidate, choose_entries

Assessed = tuple[ServerView, Assessment]


def chosen_entries(pool: PoolView, assessed: Iterable[Assessed]) -> frozenset[str]:
    """Names of servers. A pool that cannot be read keeps as many entries as it has."""
    candidates = [_candidate(view, assessment) for view, assessment in assessed if view.pod is not None]
    labelled = sum(candidate.labelled for candidate in candidates)
    return choose_entries(candidates, replicas=labelled if pool.spec is None else pool.spec.entry.replicas)


def _candidate(view: ServerView, assessment: Assessment) -> Candidate:
    pod = view.pod
    return Candidate(
        name=view.key.name,
        node=(pod.node or "") if pod else "",
        labelled=pod is not None and pod.labelled,
        ready=pod is not None and pod.ready,
        leaving=view.deleted or assessment.drain.leaves or assessment.member.rolling or assessment.member.terminating,
    )
