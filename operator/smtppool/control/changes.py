"""Which part of an object others depend on, and whether an event changed it."""

from datetime import timedelta

from smtppool.api.documents import Report
from smtppool.api.names import Key
from smtppool.kube.budget import Budget
from smtppool.kube.kinds import Body, Kind, key_of, kind_of

_MARKS = ("uid", "generation", "labels", "annotations", "finalizers", "deletionTimestamp")
_NEVER = object()
NEWS_BURST, NEWS_REFILL = 20, timedelta(seconds=1)  # of one relay; a sound one has far less to say


class Known:
    """The part of each object that was seen last."""

    def __init__(self) -> None:
        self._parts: dict[tuple[Kind, Key], object] = {}

    def is_new(self, body: Body, part: object) -> bool:
        """Whether the object was seen with another part, or not at all."""
        ref = kind_of(body), key_of(body)
        new = self._parts.get(ref, _NEVER) != part
        self._parts[ref] = part
        return new

    def forget(self, body: Body) -> None:
        """The object is gone."""
        self._parts.pop((kind_of(body), key_of(body)), None)

    def clear(self) -> None:
        """Whatever comes next is new."""
        self._parts.clear()


def marks(body: Body) -> object:
    """All but the status."""
    return [body["metadata"].get(mark) for mark in _MARKS]


def room(node: Body) -> object:
    """The part of a node that says which pods it takes."""
    spec = node.get("spec", {})
    return spec.get("unschedulable"), spec.get("taints"), node["metadata"].get("labels")


def telling(report: Report | None) -> object:
    """The part of a report that more than a status depends on."""
    if report is None:
        return None
    egress = report.egress
    pod = (report.pod_uid, report.pod_address)
    seen = egress.observed_address, egress.error is None
    return (pod, report.lanes, report.intake, *seen, report.queue is None, report.down)


def news_budget() -> Budget[Key]:
    """News of each server's report that are looked at at once: each look may write grant, routing and statuses."""
    return Budget(burst=NEWS_BURST, refill=NEWS_REFILL)


def rolls(pool: Body | None) -> bool:
    """A roll is under way: it waits for sessions to end."""
    return pool is not None and pool.get("status", {}).get("rolling") is not None
