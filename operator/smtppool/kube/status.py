"""Status of the user's objects: written as a whole by server-side apply, only when it changed.

A condition keeps its transition time as long as its status stays the same; what did change is told to the caller, who
makes Events of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from smtppool.api.names import STATUS_MANAGER
from smtppool.kube.cache import Cache
from smtppool.kube.client import Api
from smtppool.kube.kinds import Body, uid_of
from smtppool.policy.verdict import format_time

ConditionBody = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Transition:
    """A condition that has another status or reason than before."""

    type: str
    status: str
    reason: str
    message: str
    at: str  # lastTransitionTime, or now where only the reason changed
    first: bool  # the condition was not there before


class StatusWriter:
    """Writes `.status`; the spec and the metadata are not its business."""

    def __init__(self, *, api: Api, cache: Cache) -> None:
        self._api = api
        self._cache = cache

    async def write(self, live: Body, status: Mapping[str, Any], *, now: datetime) -> tuple[Transition, ...]:
        """Make the status exactly this. Conditions come without lastTransitionTime, which is filled in here.

        Raises StaleError when the object was deleted and made anew, AbsentError when it is gone.
        """
        before = live.get("status", {})
        conditions = with_times(status.get("conditions", ()), before.get("conditions", ()), now=now)
        wanted = {**status, "conditions": conditions}
        if wanted == before:
            return ()
        metadata = live["metadata"]
        body = await self._api.apply(
            {
                "apiVersion": live["apiVersion"],
                "kind": live["kind"],
                "metadata": {"namespace": metadata["namespace"], "name": metadata["name"], "uid": uid_of(live)},
                "status": wanted,
            },
            manager=STATUS_MANAGER,
            subresource="status",
        )
        self._cache.store(body)
        return tuple(transitions(conditions, before.get("conditions", ()), now=now))


def with_times(
    wanted: Iterable[ConditionBody], before: Iterable[ConditionBody], *, now: datetime
) -> list[dict[str, Any]]:
    """Conditions with their transition times."""
    known = {condition["type"]: condition for condition in before}
    return [
        {**condition, "lastTransitionTime": _time(condition, known.get(condition["type"]), now)} for condition in wanted
    ]


def transitions(
    after: Iterable[ConditionBody], before: Iterable[ConditionBody], *, now: datetime
) -> Iterable[Transition]:
    """Conditions whose status or reason is another one."""
    known = {condition["type"]: condition for condition in before}
    for condition in after:
        old = known.get(condition["type"], {})
        if (old.get("status"), old.get("reason")) == (condition["status"], condition["reason"]):
            continue
        moved = old.get("status") != condition["status"]
        yield Transition(
            type=condition["type"],
            status=condition["status"],
            reason=condition["reason"],
            message=condition.get("message", ""),
            at=condition["lastTransitionTime"] if moved else format_time(now),
            first=not old,
        )


def _time(condition: ConditionBody, old: ConditionBody | None, now: datetime) -> str:
    if old is not None and old["status"] == condition["status"]:
        return str(old["lastTransitionTime"])
    return format_time(now)
