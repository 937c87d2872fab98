"""Between two looks each kind of write counts, and what others do does not."""

from typing import Any

import pytest

from benchmarks.quiet import AUTHORS, KINDS
from benchmarks.writes import between, look
from smtppool.control.permissions import rules

Items = list[dict[str, Any]]


def item(kind: str = "ConfigMap", *, namespace: str = "home", uid: str = "1", by: str = "", at: str = "10:00") -> Items:
    """One object, with an entry of its author's beside one of somebody else's."""
    others = {"manager": "kubelet", "time": at}
    own = [{"manager": by, "subresource": "status", "time": at}] if by else []
    return [
        {"kind": kind, "metadata": {"name": "a", "namespace": namespace, "uid": uid, "managedFields": [others, *own]}}
    ]


def leaving(items: Items) -> Items:
    items[0]["metadata"]["deletionTimestamp"] = "10:01"
    return items


OWN, STATUS = "smtp-pool-operator", "smtp-pool-operator/status"


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (item(by=OWN), item(by=OWN), []),
        (item(by=OWN), item(by=OWN, at="10:01"), ["ConfigMap/a written"]),
        (item(), item(by=STATUS), ["ConfigMap/a written"]),
        (item(by=OWN), item(), ["ConfigMap/a written"]),
        (item(), item(at="10:01"), []),
        (item(), item(by="smtp-pool-agent"), []),
        ([], item(by=OWN), ["ConfigMap/a made"]),
        ([], item(), []),
        ([], item("Event", by=OWN), ["Event/a made"]),
        (item("Event", by=OWN), [], []),
        (item(by=OWN), [], ["ConfigMap/a deleted"]),
        (item("Pod"), [], ["Pod/a deleted"]),
        (item("Pod"), item("Pod", uid="2"), ["Pod/a deleted"]),
        (item("Pod"), leaving(item("Pod")), ["Pod/a is being deleted"]),
        (item("Pod", namespace="other"), [], []),
        (item("Pod", namespace="other"), leaving(item("Pod", namespace="other")), []),
        (item(namespace="other", by=OWN), [], ["ConfigMap/a deleted"]),
        (item(namespace="other"), item(namespace="other", uid="2", by=OWN), ["ConfigMap/a made"]),
    ],
    ids=[
        "nothing", "written", "status", "given up", "by others", "by an agent", "made", "made by others", "Event",
        "Event forgotten", "deleted", "pod deleted", "pod anew", "asked to go", "pod elsewhere", "pod elsewhere goes",
        "own elsewhere deleted", "made anew elsewhere",
    ],
)  # fmt: skip
def test_counted(before: Items, after: Items, found: list[str]) -> None:
    looks = (look(items, authors=AUTHORS) for items in (before, after))
    assert between(*looks, home="home") == found


def test_every_kind_that_the_operator_may_write_is_looked_at() -> None:
    writes = {"create", "patch", "delete", "update"}
    written = {name.partition("/")[0] for rule in rules() if writes & {*rule["verbs"]} for name in rule["resources"]}
    assert written - {"leases"} == {*KINDS.split(",")}
