"""What somebody has written between two looks at a cluster, as the objects show it.

Managed fields name who wrote last and in which second. So one's own write shows as another entry of one's own, what
others write does not show, and a write of the very second of the first look may not. A deletion has no author in the
object: it counts in `home`, where nobody else deletes anything, and elsewhere for what was one's own. Events count when
they come, not when they go, as the API server forgets them by itself. What was made and taken away between the two
looks shows in its Events alone.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Seen(NamedTuple):
    """One object at one look. `own`: manager, subresource and time of its author's entries."""

    uid: str
    leaving: str
    own: tuple[tuple[str, str, str], ...]


Name = tuple[str, str, str]  # kind, namespace, name
Look = Mapping[Name, Seen]


def look(items: Iterable[Mapping[str, Any]], *, authors: frozenset[str]) -> dict[Name, Seen]:
    """Objects as `kubectl get -o json --show-managed-fields` has them."""
    return {_name(item): _seen(item["metadata"], authors) for item in items}


def between(before: Look, after: Look, *, home: str) -> list[str]:
    """What was written, made or deleted, one word for each object."""
    found = []
    for name in sorted(before.keys() | after.keys()):
        kind, namespace, own_name = name
        if how := _how(before.get(name), after.get(name), at_home=namespace == home, lasting=kind != "Event"):
            found.append(f"{kind}/{own_name} {how}")
    return found


def _how(old: Seen | None, new: Seen | None, *, at_home: bool, lasting: bool) -> str:
    counts_if_gone = lasting and old is not None and (at_home or bool(old.own))
    if old is not None and (new is None or new.uid != old.uid):
        if counts_if_gone:
            return "deleted"
        old = None
    if new is None:
        return ""
    if old is None:
        return "made" if new.own else ""
    if new.own != old.own:
        return "written"
    return "is being deleted" if counts_if_gone and new.leaving != old.leaving else ""


def _name(item: Mapping[str, Any]) -> Name:
    metadata = item["metadata"]
    return item["kind"], metadata.get("namespace", ""), metadata["name"]


def _seen(metadata: Mapping[str, Any], authors: frozenset[str]) -> Seen:
    entries = ((f["manager"], f.get("subresource", ""), f["time"]) for f in metadata.get("managedFields", []))
    return Seen(
        uid=metadata["uid"],
        leaving=metadata.get("deletionTimestamp", ""),
        own=tuple(sorted(entry for entry in entries if entry[0] in authors)),
    )
