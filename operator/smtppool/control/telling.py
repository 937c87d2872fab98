"""Writes a status and makes one Event of each condition that changed."""

from collections.abc import Mapping
from typing import Any

from smtppool.api.conditions import ConditionType
from smtppool.control.context import Context
from smtppool.control.view import Viewed
from smtppool.kube.errors import AbsentError
from smtppool.kube.events import Severity
from smtppool.kube.status import Transition

_ADVERSE = {ConditionType.DRAINING, ConditionType.DRAIN_BLOCKED, ConditionType.QUEUE_UNREACHABLE}
# True or False alike, these are steps of something that was asked for.
_ORDINARY = {"NotEvaluated", "Disabled", "Deleted", "Paused", "Drained", "Rolling", "NoPod", "PodStarting", "NoReport"}


async def tell(context: Context, view: Viewed, status: Mapping[str, Any]) -> None:
    """An object that is gone meanwhile has no status any more."""
    try:
        changed = await context.statuses.write(view.body, status, now=context.clock())
    except AbsentError:
        return
    for transition in changed:
        if _is_worth_telling(transition, deleted=view.deleted):
            await _event(context, view, transition)


def _is_worth_telling(transition: Transition, *, deleted: bool) -> bool:
    """Of a deleted object only how its end goes on: that the rest of it falls is no news."""
    if deleted:
        return transition.type in _ADVERSE
    return not (transition.first and is_quiet(transition))


async def _event(context: Context, view: Viewed, transition: Transition) -> None:
    await context.recorder.emit(
        view.body,
        reason=transition.reason,
        message=f"{transition.type}={transition.status}: {transition.message}",
        severity=Severity.NORMAL if is_quiet(transition) else Severity.WARNING,
        now=context.clock(),
        occasion=transition.at,
    )


def is_quiet(transition: Transition) -> bool:
    """Nothing that anybody has to look into."""
    good = "False" if transition.type in _ADVERSE else "True"
    draining = transition.type == ConditionType.DRAINING
    return transition.status == good or draining or transition.reason in _ORDINARY
