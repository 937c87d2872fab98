"""Which pods of a pool are its entries: the same answer for the routing (who checks the others) and for the labels."""

from collections.abc import Iterable, Sequence

from smtppool.control.assess import Assessment
from smtppool.control.view import PoolView, ServerView
from smtppool.policy.entry import Candidate, choose_entries
from smtppool.policy.votes import down_by_vote

Assessed = tuple[ServerView, Assessment]


def chosen_entries(pool: PoolView, assessed: Sequence[Assessed]) -> frozenset[str]:
    """Names of servers. A pool that cannot be read keeps as many entries as it has."""
    down = seen_down(assessed)
    candidates = [
        _candidate(view, assessment, down=view.key.name in down)
        for view, assessment in assessed
        if view.pod is not None
    ]
    labelled = sum(candidate.labelled for candidate in candidates)
    return choose_entries(candidates, replicas=labelled if pool.spec is None else pool.spec.entry.replicas)


def seen_down(assessed: Iterable[Assessed]) -> frozenset[str]:
    """Members to which most of the entry pods that check them cannot connect."""
    views = [view for view, _ in assessed]
    votes = {
        view.key.name: frozenset(view.own_report.down)
        for view in views
        if view.own_report and view.pod is not None and view.pod.labelled
    }
    return down_by_vote([view.key.name for view in views], votes)


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
