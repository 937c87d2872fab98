"""What is known of one server's egress: the input of its decision, and what its agent is told to check."""

from datetime import datetime, timedelta

from smtppool.api.documents import EgressCheckOrder, Lanes, is_of_pod
from smtppool.api.names import Key
from smtppool.api.smtppool import EgressCheckMode
from smtppool.api.smtpserver import EgressProviderName
from smtppool.api.units import parse_duration
from smtppool.control.neighbours import Neighbours
from smtppool.control.view import ServerView
from smtppool.policy.egress import EgressFacts, Rule
from smtppool.policy.verdict import parse_time
from smtppool.render.egress.table import provider_in_use

_INTERVAL = timedelta(minutes=5)


def check_order(view: ServerView) -> EgressCheckOrder:
    """What the agent has to check: as the pool says, else as ordered before."""
    if view.relay is None:
        return EgressCheckOrder()
    if view.pool is None or view.pool.spec is None:
        return view.grant.egress_check if view.grant else EgressCheckOrder(expected=view.relay.egress.address)
    check = view.pool.spec.egress_check
    return EgressCheckOrder(
        endpoint=check.endpoint if check.mode is EgressCheckMode.VERIFY else None,
        interval_seconds=int(parse_duration(check.interval).total_seconds()),
        expected=view.relay.egress.address,
    )


def egress_facts(
    view: ServerView, neighbours: Neighbours, *, rival: Key | None, settled_at: datetime, now: datetime
) -> EgressFacts:
    order = check_order(view)
    condition = view.condition("EgressVerified")
    return EgressFacts(
        smarthost="smarthost" in view.body["spec"],
        mode=EgressCheckMode.OFF if order.endpoint is None else EgressCheckMode.VERIFY,
        expected=order.expected or "",
        pod_uid=view.pod.uid if view.pod is not None else None,
        pod_address=view.pod.address if view.pod is not None else None,
        rule=_rule(view, neighbours),
        rival=rival,
        report=view.report,
        report_invalid=view.report_invalid,
        granted=granted(view),
        unknown_since=parse_time(condition.get("lastTransitionTime")) if condition.get("status") == "Unknown" else None,
        settled_at=settled_at,
        interval=timedelta(seconds=order.interval_seconds) if order.endpoint else _INTERVAL,
        now=now,
    )


def _rule(view: ServerView, neighbours: Neighbours) -> Rule:
    pod = view.pod
    if view.relay is None or pod is None or pod.node is None or pod.address is None:
        return Rule.NOT_NEEDED if view.relay is None or _needs_no_rule(view) else Rule.UNKNOWN
    provider = provider_in_use(view.relay, label=pod.egress)
    wanted = provider.node_rule(view.relay.egress, pod_address=pod.address, held=True)
    if wanted is None:
        return Rule.NOT_NEEDED
    report = neighbours.node(pod.node)
    if report is None:
        return Rule.UNKNOWN
    return Rule.APPLIED if wanted in report.applied else Rule.ABSENT


def _needs_no_rule(view: ServerView) -> bool:
    return view.relay is not None and view.relay.egress.provider is not EgressProviderName.NODE


def granted(view: ServerView) -> bool:
    """The grant in force opens lanes, and is for the present pod at its present address."""
    grant, pod = view.grant, view.pod
    if grant is None or pod is None or grant.lanes is not Lanes.OPEN:
        return False
    return is_of_pod(grant, uid=pod.uid, address=pod.address)
