"""Does mail of this pod leave from the stated address: only then lanes open.

Never verified is closed; a wrong address closes at once; a check that cannot be made keeps what the same pod had
confirmed for GRACE. A report is untrusted: it counts only for the pod and the pod address that it names.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from smtppool.api.documents import EgressObservation, Lanes, Report, is_of_pod
from smtppool.api.names import Key
from smtppool.api.smtppool import EgressCheckMode
from smtppool.policy.verdict import Status, Verdict, format_time, parse_time, quoted

GRACE = timedelta(minutes=15)
RIVAL_PERIOD = timedelta(seconds=5)  # between looks at another relay, whose pod and report ask for no pass of this one


class Rule(Enum):
    """The translation rule on the pod's node."""

    NOT_NEEDED = auto()
    APPLIED = auto()
    ABSENT = auto()  # the node reports, without this rule
    UNKNOWN = auto()  # the node does not report


@dataclass(frozen=True, kw_only=True)
class EgressFacts:
    """All that is known about one relay's way out."""

    smarthost: bool
    mode: EgressCheckMode
    expected: str
    pod_uid: str | None  # the present pod, not terminating
    pod_address: str | None  # None: it has none yet
    rule: Rule
    rival: Key | None  # another relay that still sends from this address
    report: Report | None
    report_invalid: bool
    granted: bool  # lanes are open for this very pod and address now
    unknown_since: datetime | None  # since when EgressVerified is Unknown
    settled_at: datetime  # before this moment, silence may be our own (restart, API server away)
    interval: timedelta
    now: datetime

    @property
    def own_report(self) -> Report | None:
        """The report, if the present pod wrote it."""
        report = self.report
        mine = report is not None and is_of_pod(report, uid=self.pod_uid, address=self.pod_address)
        return report if mine else None

    @property
    def window(self) -> timedelta:
        """How long one confirmation holds; a long interval must not close lanes between two checks."""
        return max(GRACE, 2 * self.interval)


@dataclass(frozen=True)
class EgressDecision:
    """What the grant says about lanes, and the condition EgressVerified."""

    lanes: Lanes
    verdict: Verdict
    next_check: datetime | None = None


def decide_egress(facts: EgressFacts) -> EgressDecision:
    """The first check that has an answer decides."""
    for check in _CHECKS:
        decision = check(facts)
        if decision is not None:
            return decision
    return _unconfirmed(facts)


def _closed(status: Status, reason: str, message: str) -> EgressDecision:
    return EgressDecision(Lanes.CLOSED, Verdict(status, reason, message))


def _no_pod(facts: EgressFacts) -> EgressDecision | None:
    if facts.pod_uid is None:
        return _closed("Unknown", "NoPod", "no pod is running")
    if facts.pod_address is None:
        return _closed("Unknown", "NoPod", "the pod has no IPv4 address yet")
    return None


def _smarthost(facts: EgressFacts) -> EgressDecision | None:
    if facts.smarthost:
        return EgressDecision(Lanes.OPEN, Verdict("True", "NotRequired", "a smarthost sends from its own addresses"))
    return None


def _rival(facts: EgressFacts) -> EgressDecision | None:
    if facts.rival is None:
        return None
    where = f"{facts.rival.namespace}/{facts.rival.name}"
    message = f"{where} still sends from {facts.expected}; waiting until its pod is gone"
    return EgressDecision(Lanes.CLOSED, Verdict("False", "AddressInUse", message), facts.now + RIVAL_PERIOD)


def _rule(facts: EgressFacts) -> EgressDecision | None:
    match facts.rule:
        case Rule.ABSENT:
            return _closed("False", "RuleNotApplied", f"the node has not applied the rule for {facts.expected} yet")
        case Rule.UNKNOWN if not facts.granted:
            return _closed(
                "Unknown", "NodeNotReporting", "the node's egress program does not report: is its pod running?"
            )
        case _:
            return None


def _disabled(facts: EgressFacts) -> EgressDecision | None:
    if facts.mode is EgressCheckMode.OFF:
        message = f"egressCheck.mode is Off: nobody checks that mail leaves from {facts.expected}"
        return EgressDecision(Lanes.OPEN, Verdict("Unknown", "Disabled", message))
    return None


def _mismatch(facts: EgressFacts) -> EgressDecision | None:
    observed = facts.own_report.egress.observed_address if facts.own_report else None
    if observed is None or observed == facts.expected:
        return None
    return _closed("False", "Mismatch", f"mail would leave from {observed}, not from {facts.expected}")


def _confirmed(facts: EgressFacts) -> EgressDecision | None:
    report = facts.own_report
    confirmed = parse_time(report.egress.observed_at) if report and report.egress.observed_address else None
    if report is None or confirmed is None:
        return None
    confirmed = min(confirmed, facts.now)  # no moment of others lies ahead: not even the year 9999 can be added to
    error = report.egress.error
    end = _end_of_confirmation(facts, report.egress, confirmed)
    if facts.now < end and error is None:
        return EgressDecision(Lanes.OPEN, Verdict("True", "Verified", f"mail leaves from {facts.expected}"), end)
    last = f"last confirmed at {format_time(confirmed)}"
    why = quoted(error) if error else "no newer report"
    if facts.now < end:
        message = f"the check fails ({why}); {last}, open until {format_time(end)}"
        return EgressDecision(Lanes.OPEN, Verdict("Unknown", "Unreachable", message), end)
    return _closed("Unknown", "GraceExpired", f"the check fails ({why}); {last}, closed since {format_time(end)}")


def _end_of_confirmation(facts: EgressFacts, seen: EgressObservation, confirmed: datetime) -> datetime:
    """A check that fails counts from its first failure, however rarely it is made and whoever else is in trouble."""
    if seen.error is not None:
        failing_since = parse_time(seen.error_since) or confirmed
        return min(max(confirmed, failing_since), confirmed + facts.window, facts.now) + GRACE
    return max(confirmed + facts.window, facts.settled_at)


def _unconfirmed(facts: EgressFacts) -> EgressDecision:
    """Nothing observed by this pod: closed, but an open lane is not closed by a report that cannot be read."""
    reason, what = _silence(facts)
    end = max(min(facts.unknown_since or facts.now, facts.now) + GRACE, facts.settled_at)
    if facts.granted and facts.now < end:
        message = f"{what}; lanes stay as they are until {format_time(end)}"
        return EgressDecision(Lanes.OPEN, Verdict("Unknown", reason, message), end)
    return _closed("Unknown", reason, f"{what}; closed until {facts.expected} is observed")


def _silence(facts: EgressFacts) -> tuple[str, str]:
    if facts.report_invalid:
        return "ReportInvalid", "the agent's report cannot be read"
    if facts.own_report is None:
        return "NoReport", "the pod's agent has not reported yet"
    if facts.own_report.egress.error:
        return "NotVerified", f"the check fails ({quoted(facts.own_report.egress.error)})"
    return "NotVerified", "the pod's agent has not observed its address yet"


_CHECKS: tuple[Callable[[EgressFacts], EgressDecision | None], ...] = (
    _no_pod,
    _smarthost,
    _rival,
    _rule,
    _disabled,
    _mismatch,
    _confirmed,
)
