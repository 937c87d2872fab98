"""What is seen of the members of a pool beside their mail: whether each is there, and for which share of the time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from smtppool.control.assess import Assessment
from smtppool.control.entries import Assessed, entry_pods
from smtppool.control.view import PoolView, ServerView
from smtppool.policy.drain_facts import AskedBy
from smtppool.policy.health.pulse import Pulse
from smtppool.policy.health.uptime import Uptime
from smtppool.policy.weights import decide_weight

# Barred by somebody's will, or before its first start: no downtime.
_UNWANTED = frozenset(
    {"Cordoned", "Drained", "Rolling", "Deleted", "NotAccepted", "NoReport", "NotEvaluated", "ZeroWeight"}
)

_ANY = "0.0.0.0"  # noqa: S104 - an address of a pod that is not there


@dataclass(frozen=True)
class Vitals:
    """Of one member. Both begin anew with the operator; then a first look counts as it is."""

    uptime: Uptime = field(default_factory=Uptime)
    pulse: Pulse | None = None  # None: nothing to tell, as it is not meant to be there

    @property
    def alive(self) -> bool:
        """Whether the pool may count on it."""
        return self.pulse is None or self.pulse.alive


def vitals(
    pool: PoolView, assessed: Sequence[Assessed], before: Mapping[str, Vitals], now: datetime
) -> dict[str, Vitals]:
    """A look at each member: ready, and not down for most of the others that check it."""
    down = entry_pods(pool, assessed).down
    return {
        view.key.name: _seen(before.get(view.key.name, Vitals()), view, assessment, down, now)
        for view, assessment in assessed
    }


def barred(assessment: Assessment) -> str | None:
    """What keeps it out beside its health and the drain that its health asks for, which ends when the pool needs it."""
    if assessment.asked_by is not AskedBy.HEALTH:
        return assessment.weight.barred
    facts = assessment.undrained
    if assessment.drain.released:  # the pod went with it: that one has no address says nothing, as a new one may
        facts = replace(facts, pod_address=facts.pod_address or _ANY, terminating=False, lanes_open=True)
    return decide_weight(facts).barred


def _seen(before: Vitals, view: ServerView, assessment: Assessment, down: frozenset[str], now: datetime) -> Vitals:
    up = view.pod is not None and view.pod.ready and view.key.name not in down
    wanted = not view.deleted and assessment.weight.barred not in _UNWANTED
    uptime = before.uptime.seen(up=up if wanted else None, now=now)
    if barred(assessment) is not None or view.pod is None:  # without a pod and free: `ScaleDown` took it
        return Vitals(uptime)
    return Vitals(uptime, before.pulse.seen(up=up, now=now) if before.pulse else Pulse(up))
