"""The operator's view of the cluster: objects by kind and key, fed by watch events and by the answers to own writes.

Bodies are shared, never changed in place. Reading is synchronous: a pass sees one consistent moment.
"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from smtppool.api.names import COMPONENT, OWNER_UID, POOL, Key
from smtppool.kube.kinds import CONFIG_MAP, NODE, SMTP_SERVER, Body, Kind, annotation, key_of, kind_of, label

GRAVES = 4096  # deletions remembered, so that the late answer to a write does not bring an object back
NODE_DOCUMENTS = frozenset({"egress-order", "egress-report"})  # components; they belong to no object of the user's

Indexer = Callable[[Body], str | None]


class Ref(NamedTuple):
    """One object of any kind."""

    kind: Kind
    key: Key


def pool_of(body: Body) -> str | None:
    """Pool that an object belongs to: by its spec for SmtpServers, which their users label as they like."""
    if kind_of(body) == SMTP_SERVER:
        return str(body["spec"]["poolRef"]["name"])
    return label(body, POOL)


INDEXES: Mapping[str, Indexer] = {"pool": pool_of}


class Cache:
    """Objects and indexes; `indexes` are further functions from a body to the value it is found by."""

    def __init__(self, *, indexes: Mapping[str, Indexer] | None = None) -> None:
        self._indexers = {**INDEXES, **(indexes or {})}
        self._objects: dict[Kind, dict[Key, Body]] = defaultdict(dict)
        self._found: dict[tuple[Kind, str, str], set[Key]] = defaultdict(set)
        self._oldest: dict[tuple[Kind, str, str], Key] = {}  # of those that were asked for
        self._watched: set[Ref] = set()  # until primed
        self._is_primed = False
        self._graves: OrderedDict[Ref, int] = OrderedDict()
        self.progress = asyncio.Event()  # set by every watch event until primed

    def get(self, kind: Kind, key: Key) -> Body | None:
        """The object as last seen."""
        return self._objects[kind].get(key)

    def all(self, kind: Kind) -> list[Body]:
        """All objects of a kind, ordered by key."""
        objects = self._objects[kind]
        return [objects[key] for key in sorted(objects)]

    def by(self, kind: Kind, index: str, value: str, *, namespace: str | None = None) -> list[Body]:
        """Objects that an index finds by `value`, ordered by key; in one namespace or in all."""
        keys = self._found.get((kind, index, value), set())
        return [self._objects[kind][key] for key in sorted(keys) if namespace in (None, key.namespace)]

    def count(self, kind: Kind, index: str, value: str) -> int:
        """How many objects an index finds by `value`, in all namespaces."""
        return len(self._found.get((kind, index, value), ()))

    def oldest(self, kind: Kind, index: str, value: str) -> Body | None:
        """Of what an index finds, in all namespaces, the object that was made first; by key among equals.

        Remembered: however many there are, and however often each of them asks.
        """
        place = (kind, index, value)
        if place not in self._found:
            return None
        if place not in self._oldest:
            self._oldest[place] = min(self._found[place], key=lambda key: self._age(kind, key))
        return self._objects[kind][self._oldest[place]]

    def observe(self, event_type: str | None, body: Body) -> bool:
        """Take over a watch event (None: from the initial list); whether it said anything new."""
        ref = Ref(kind_of(body), key_of(body))
        if not self._is_primed:
            self._watched.add(ref)
            self.progress.set()
        return self.forget(ref, version_of(body)) if event_type == "DELETED" else self.store(body)

    def store(self, body: Body) -> bool:
        """Take over an object, unless a later version or its deletion is known; whether it said anything new."""
        kind, key = kind_of(body), key_of(body)
        known = self._objects[kind].get(key)
        latest = version_of(known) if known is not None else self._graves.get(Ref(kind, key), -1)
        if latest >= version_of(body):
            return False
        lean = _lean(body)
        self._objects[kind][key] = lean
        self._index(kind, key, known, lean)
        return True

    def forget(self, ref: Ref, version: int) -> bool:
        """Drop an object that was deleted at `version`; a later one of the same name stays."""
        self._bury(ref, version)
        known = self._objects[ref.kind].get(ref.key)
        if known is None or version_of(known) > version:
            return False
        del self._objects[ref.kind][ref.key]
        self._index(ref.kind, ref.key, known, None)
        return True

    def keep(self, kind: Kind, listed: AbstractSet[Key], version: str) -> list[Key]:
        """Drop what a complete list made at `version` does not hold; the keys of that."""
        missing = self._objects[kind].keys() - listed
        return [key for key in sorted(missing) if self.forget(Ref(kind, key), int(version))]

    def unwatched(self, kind: Kind, listed: Iterable[Key]) -> list[Key]:
        """Which of the listed objects no watch has delivered yet."""
        return [key for key in listed if Ref(kind, key) not in self._watched]

    @property
    def fed(self) -> bool:
        """Whether some watch has delivered something, of any kind."""
        return bool(self._watched)

    def primed(self) -> None:
        """Every kind is complete: what the watches delivered need not be remembered any longer."""
        self._is_primed = True
        self._watched.clear()

    def _bury(self, ref: Ref, version: int) -> None:
        self._graves[ref] = version
        self._graves.move_to_end(ref)
        if len(self._graves) > GRAVES:
            self._graves.popitem(last=False)

    def _index(self, kind: Kind, key: Key, before: Body | None, now: Body | None) -> None:
        """Objects change often, and what they are found by seldom."""
        aged = before is not None and now is not None and _created(before) == _created(now)
        for name, indexer in self._indexers.items():
            old, new = (None if body is None else indexer(body) for body in (before, now))
            if aged and old == new:
                continue
            if old is not None:
                self._drop((kind, name, old), key)
            if new is not None:
                self._add((kind, name, new), key)

    def _add(self, place: tuple[Kind, str, str], key: Key) -> None:
        self._found[place].add(key)
        oldest = self._oldest.get(place)
        if oldest is not None and self._age(place[0], key) < self._age(place[0], oldest):
            self._oldest[place] = key

    def _drop(self, place: tuple[Kind, str, str], key: Key) -> None:
        self._found[place].discard(key)
        if not self._found[place]:
            del self._found[place]
        if self._oldest.get(place) == key:
            del self._oldest[place]

    def _age(self, kind: Kind, key: Key) -> tuple[str, Key]:
        return _created(self._objects[kind][key]), key


def _created(body: Body) -> str:
    return str(body["metadata"].get("creationTimestamp"))


def _lean(body: Body) -> Body:
    """What decisions may look at: a ConfigMap with our label that belongs to nobody may hold a mebibyte of anything.

    A node's status lists its images, and its annotations hold whatever programs there leave to each other.
    """
    metadata = {name: value for name, value in body["metadata"].items() if name != "managedFields"}
    if kind_of(body) == NODE:
        metadata.pop("annotations", None)
        return {name: value for name, value in body.items() if name != "status"} | {"metadata": metadata}
    known = annotation(body, OWNER_UID) is not None or label(body, COMPONENT) in NODE_DOCUMENTS
    unread = set() if kind_of(body) != CONFIG_MAP else {"binaryData"} if known else {"data", "binaryData"}
    return {name: value for name, value in body.items() if name not in unread} | {"metadata": metadata}


def version_of(body: Body) -> int:
    """The resourceVersion; the API promises that they can be compared as numbers."""
    return int(body["metadata"]["resourceVersion"])
