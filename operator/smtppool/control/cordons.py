"""What a pool's pass knows of members on cordoned nodes, and its decision as the status keeps it.

The status is the memory: who leaves goes on leaving after a restart.
"""

from collections.abc import Iterable
from typing import Any

from smtppool.api.cordoned import CordonRule
from smtppool.control.assess import Assessment
from smtppool.control.entries import Assessed
from smtppool.control.neighbours import Neighbours
from smtppool.control.nodes import cordoned_node, decision_on, homes_of
from smtppool.control.view import PoolView, ServerView
from smtppool.policy.cordon import CordonMember, decide_cordons
from smtppool.policy.drain_facts import AskedBy
from smtppool.policy.weights import decide_weight

Entries = list[dict[str, Any]]


def cordons(pool: PoolView, servers: Iterable[Assessed], neighbours: Neighbours, *, rolling: str | None) -> Entries:
    """`status.onCordonedNodes`; a pool that cannot be read keeps what it has.

    `rolling`: whom this very pass takes out of traffic to replace its pod, which no status says yet.
    """
    if pool.spec is None:
        return entries_of(pool)
    members = [
        _member(view, assessment, neighbours, rolling=view.key.name == rolling)
        for view, assessment in servers
        if assessment.in_force and not view.deleted
    ]
    rules = pool.spec.availability
    decided = decide_cordons(members, min_available=rules.min_available, max_unavailable=rules.max_unavailable)
    return [
        {
            "server": one.name,
            "node": one.node,
            "decision": one.rule.value,
            **({"message": one.message} if one.message else {}),
        }
        for one in decided
    ]


def entries_of(pool: PoolView) -> Entries:
    """As last written."""
    return list(pool.status.get("onCordonedNodes", ()))


def _member(view: ServerView, assessment: Assessment, neighbours: Neighbours, *, rolling: bool) -> CordonMember:
    node = None if view.paused else cordoned_node(view, neighbours)
    decided = decision_on(view, node) if node is not None else None
    leaving, drain = decided is not None and decided["decision"] == CordonRule.LEAVES, assessment.drain
    serves = _serves(view, assessment) and not rolling
    under_way = drain.released or (serves and not drain.empty)
    return CordonMember(
        name=view.key.name,
        node=node,
        moves=node is not None and bool(homes_of(view, neighbours).open),
        serves=serves,
        leaving=leaving,
        busy=leaving and under_way and drain.blocked is None,
        wished_out=view.spec is not None and assessment.member.wished_out,
    )


def _serves(view: ServerView, assessment: Assessment) -> bool:
    """Of one that leaves: whether it would serve if it did not."""
    facts = assessment.undrained if assessment.asked_by is AskedBy.NODE else assessment.member
    return view.pod is not None and view.pod.ready and decide_weight(facts).weight > 0
