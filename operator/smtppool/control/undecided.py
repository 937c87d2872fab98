"""A member about which nothing can be decided, because the decision itself fails: it costs the pool this member alone.

It has no weight until that is repaired; its grant stays as it is, as nobody knows better. If all members fail it is not
the members: the pass fails then, and all stays as it is.
"""

import logging
from collections.abc import Callable, Iterable

from smtppool.api.documents import EgressCheckOrder, Grant, Intake, Lanes
from smtppool.api.smtpserver import DesiredState, WarmupMode
from smtppool.control.assess import Assessment
from smtppool.control.drains import is_released
from smtppool.control.entries import Assessed
from smtppool.control.view import ServerView
from smtppool.policy.drain import DrainDecision, Phase
from smtppool.policy.egress import EgressDecision
from smtppool.policy.verdict import Verdict
from smtppool.policy.weights import UNDECIDED, MemberFacts, decide_weight

logger = logging.getLogger(__name__)
_TOLD = Verdict("Unknown", UNDECIDED, "the decision about this server fails: see the operator's log")


def assess_each(
    views: Iterable[ServerView], assess: Callable[[ServerView], Assessment], *, failing: dict[str, str]
) -> list[Assessed]:
    """`failing`: what was logged of whom, by uid; the same failure is logged once."""
    assessed: list[Assessed] = []
    errors: list[Exception] = []
    for view in views:
        try:
            assessed.append((view, assess(view)))
            failing.pop(view.uid, None)
        except Exception as error:
            errors.append(error)
            assessed.append((view, undecided(view)))
            if failing.get(view.uid) != (words := repr(error)):
                failing[view.uid] = words
                logger.exception("%s: no decision, weight 0 until there is one", view.key)
    if errors and len(errors) == len(assessed):
        raise errors[0]
    return assessed


def undecided(view: ServerView) -> Assessment:
    """No weight, no vote; grant and pod as they are."""
    grant = view.grant or Grant(server=view.key.name, egress_check=EgressCheckOrder())
    member = _member(view)
    return Assessment(
        accepted=_TOLD,
        established=view.grant is not None,
        egress=EgressDecision(grant.lanes if grant.lanes is Lanes.OPEN else Lanes.CLOSED, _TOLD),
        drain=DrainDecision(_phase(view, grant), _TOLD),
        asked_by=None,
        grant=grant,
        member=member,
        weight=decide_weight(member),
    )


def _phase(view: ServerView, grant: Grant) -> Phase:
    if is_released(view):
        return Phase.RELEASED
    return Phase.DELIVERY if grant.intake is Intake.CLOSED else Phase.RUNNING


def _member(view: ServerView) -> MemberFacts:
    return MemberFacts(
        name=view.key.name,
        accepted=True,
        undecided=True,
        deleted=view.deleted,
        pod_address=view.pod.address if view.pod else None,
        terminating=view.pod is not None and view.pod.terminating,
        lanes_open=False,
        reported=view.ever_reported,
        base_weight=0,
        desired=DesiredState.ACTIVE,
        warmup=WarmupMode.WARM,
        rolling=False,
    )
