"""A relay's pod as its status tells it: what it can still say, and why it does not run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from smtppool.api.base import IPV4_PATTERN
from smtppool.api.documents import Report, is_of_pod
from smtppool.api.names import EGRESS, ENTRY
from smtppool.control.reading import MAX_REPORT, parse
from smtppool.kube.kinds import Body, is_terminating, label, uid_of
from smtppool.policy.emptiness import PodState
from smtppool.policy.verdict import Verdict, parse_time, quoted

REVISION = "controller-revision-hash"
SILENCE = timedelta(seconds=30)  # after the end of its grace: then its node does not answer
_LATEST = datetime.max.replace(tzinfo=UTC) - SILENCE  # whoever deletes a pod chooses its grace
_OVER = {"Succeeded", "Failed"}
_STARTING = {"", "PodInitializing", "ContainerCreating"}
_REASON = re.compile(r"[A-Za-z][A-Za-z0-9]{0,99}")


@dataclass(frozen=True, kw_only=True)
class PodView:
    """`address` None: it has no IPv4 address yet, or has ended, and its address may be a stranger's by now."""

    body: Body
    uid: str
    address: str | None
    node: str | None
    ready: bool
    terminating: bool
    labelled: bool  # carries the entry label
    egress: str | None  # name of the egress provider that it was made for
    revision: str | None
    trouble: Verdict | None  # why it is not ready


class LastPod(NamedTuple):
    """The last pod of a relay that was seen; `words`: what it left, if it has ended and said so."""

    uid: str
    words: Report | None


def pod_view(body: Body) -> PodView:
    """Reads one pod."""
    status = body.get("status", {})
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in status.get("conditions", ()))
    return PodView(
        body=body,
        uid=uid_of(body),
        address=None if _phase(body) in _OVER else pod_address(body),
        node=body["spec"].get("nodeName") or None,
        ready=ready,
        terminating=is_terminating(body),
        labelled=label(body, ENTRY) == "true",
        egress=label(body, EGRESS),
        revision=label(body, REVISION),
        trouble=None if ready else _trouble(body),
    )


def pod_address(body: Body) -> str | None:
    """Its IPv4 address, if it has one; another after its sandbox was made anew."""
    address = body.get("status", {}).get("podIP") or ""
    return address if re.fullmatch(IPV4_PATTERN, address) else None


def pod_state(body: Body | None, *, now: datetime) -> PodState:
    """What the pod can still say about its queue."""
    if body is None:
        return PodState.ABSENT
    statuses = list(_containers(body))
    if _phase(body) in _OVER or (statuses and all("terminated" in _state(one) for one in statuses)):
        return PodState.ENDED
    if not any(_has_run(one) for one in statuses) and _phase(body) == "Pending":
        return PodState.STUCK
    silent = silent_at(body)
    return PodState.SILENT if silent is not None and now > silent else PodState.RUNNING


def silent_at(body: Body) -> datetime | None:
    """When a terminating pod that is still there has a node that does not answer: no event will tell."""
    gone_by = parse_time(body["metadata"].get("deletionTimestamp"))
    return None if gone_by is None else min(gone_by, _LATEST) + SILENCE


def last_words(body: Body | None) -> Report | None:
    """The report that a pod leaves as Postfix's termination message, counted after Postfix had stopped.

    A pod that has ended may have lost its address: then its uid says enough, as no sandbox is made anew any more.
    """
    for container in _containers(body or {}):
        if container.get("name") == "postfix":
            message = _state(container).get("terminated", {}).get("message")
            report = parse({"message": message}, "message", Report, MAX_REPORT).document
            return report if report is not None and _is_of(report, body or {}) else None
    return None


def _is_of(report: Report, body: Body) -> bool:
    return is_of_pod(report, uid=uid_of(body), address=pod_address(body) or report.pod_address)


def _trouble(body: Body) -> Verdict:
    """The most telling of what the pod's status says."""
    if is_terminating(body):
        return Verdict("False", "PodTerminating", "the pod is terminating")
    for condition in body.get("status", {}).get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return Verdict("False", _named(condition.get("reason"), "Unschedulable"), _said(condition))
    for container in _containers(body):
        waiting = _state(container).get("waiting", {})
        if waiting and waiting.get("reason", "") not in _STARTING:
            said = f"container {container['name']}: {_last_line(container) or _said(waiting) or waiting['reason']}"
            return Verdict("False", _named(waiting["reason"], "ContainerWaiting"), said)
    if _phase(body) == "Pending":
        return Verdict("False", "PodStarting", "the pod is starting")
    return Verdict("False", "PodNotReady", "the pod is not ready")


def _containers(body: Body) -> Iterator[dict[str, Any]]:
    status = body.get("status", {})
    yield from status.get("initContainerStatuses", ())
    yield from status.get("containerStatuses", ())


def _state(container: dict[str, Any]) -> dict[str, Any]:
    state: dict[str, Any] = container.get("state", {})
    return state


def _last_line(container: dict[str, Any]) -> str:
    """What a container that keeps ending said last, unless it is a report: the kubelet only says that it backs off."""
    ended = container.get("lastState", {}).get("terminated") or {}
    lines = str(ended.get("message", "")).strip().splitlines()
    return quoted(lines[-1], limit=400) if lines and not lines[-1].startswith("{") else ""


def _has_run(container: dict[str, Any]) -> bool:
    started = "running" in _state(container) or "terminated" in _state(container)
    return started or bool(container.get("restartCount")) or bool(container.get("lastState"))


def _phase(body: Body) -> str:
    return str(body.get("status", {}).get("phase", ""))


def _named(reason: object, fallback: str) -> str:
    return reason if isinstance(reason, str) and _REASON.fullmatch(reason) else fallback


def _said(part: dict[str, Any]) -> str:
    return quoted(str(part.get("message", "")), limit=400)
