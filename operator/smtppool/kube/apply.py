"""Every write to a child: server-side apply, only to what is ours, only when it says something new.

Ours is what carries the owner's uid in OWNER_UID; anything else of the right name is foreign and is never touched.
"""

from dataclasses import dataclass

from smtppool.api.base import GROUP
from smtppool.api.names import FIELD_MANAGER, OWNER_UID, Key
from smtppool.kube.cache import Cache
from smtppool.kube.client import Api
from smtppool.kube.compare import digest, satisfies
from smtppool.kube.kinds import Body, Kind, annotation, is_terminating, key_of, kind_of, uid_of

APPLIED = f"{GROUP}/applied"  # digest of what was applied last: tells a removed field from one that others added


@dataclass(frozen=True, kw_only=True)
class Applied:
    """Written just now."""

    body: Body
    created: bool


@dataclass(frozen=True, kw_only=True)
class Unchanged:
    """Nothing to write: the live object says it all."""

    body: Body


@dataclass(frozen=True, kw_only=True)
class Terminating:
    """Ours, but on its way out: can only be made anew when it is gone."""

    body: Body


@dataclass(frozen=True, kw_only=True)
class Absent:
    """Not there (any longer)."""


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """An object of that name belongs to somebody else."""

    kind: Kind
    key: Key
    owner: str | None  # its OWNER_UID

    @property
    def message(self) -> str:
        """For a condition: what is in the way and what to do."""
        return f"{self.kind.name} {self.key.name} exists and is not ours: rename or delete it"


Outcome = Applied | Unchanged | Terminating | Absent | Conflict
Deletion = Terminating | Absent | Conflict


class Writer:
    """Applies and deletes children; keeps the cache at the answers, so a next pass sees what this one wrote."""

    def __init__(self, *, api: Api, cache: Cache) -> None:
        self._api = api
        self._cache = cache
        self._settled: dict[tuple[Kind, Key], tuple[str, str]] = {}

    async def apply(self, manifest: Body, *, owner: str) -> Outcome:
        """Make the object as the manifest says. `owner` is the uid of the SmtpPool or SmtpServer it belongs to."""
        kind, key = kind_of(manifest), key_of(manifest)
        live = await self.live(kind, key)
        desired = stamped(manifest, owner)
        if live is None:
            return await self._write(desired, created=True)
        if annotation(live, OWNER_UID) != owner:
            return Conflict(kind=kind, key=key, owner=annotation(live, OWNER_UID))
        if is_terminating(live):
            return Terminating(body=live)
        if self._is_settled(kind, key, live, desired) or _says_all(live, desired):
            return Unchanged(body=live)
        desired["metadata"]["uid"] = uid_of(live)
        return await self._write(desired, created=False)

    async def delete(self, kind: Kind, key: Key, *, owner: str) -> Deletion:
        """Ask for the deletion of an object of ours; Terminating until its finalizers and its grace are over."""
        self._settled.pop((kind, key), None)
        live = await self.live(kind, key)
        if live is None:
            return Absent()
        if annotation(live, OWNER_UID) != owner:
            return Conflict(kind=kind, key=key, owner=annotation(live, OWNER_UID))
        if not is_terminating(live):
            await self._api.delete(kind, key, uid=uid_of(live))
        return Terminating(body=live)

    async def live(self, kind: Kind, key: Key) -> Body | None:
        """The object as the cache has it; asks the API server only where the cache has none.

        The cache sees objects with our labels alone: a foreign one is found by asking.
        """
        return self._cache.get(kind, key) or await self._api.get(kind, key)

    async def _write(self, desired: Body, *, created: bool) -> Applied:
        # A name taken between the look and this write shows as a conflict of field managers, as nothing is forced then.
        body = await self._api.apply(desired, manager=FIELD_MANAGER, force=not created)
        self._cache.store(body)
        self._settled[kind_of(body), key_of(body)] = (annotation(desired, APPLIED) or "", _state(body))
        return Applied(body=body, created=created)

    def _is_settled(self, kind: Kind, key: Key, live: Body, desired: Body) -> bool:
        """Whether this very content led to this very state: also where the server writes values in its own way."""
        return self._settled.get((kind, key)) == (annotation(desired, APPLIED), _state(live))


def stamped(manifest: Body, owner: str) -> Body:
    """The manifest with its owner and the digest of its content."""
    metadata = manifest["metadata"]
    marks = {OWNER_UID: owner, APPLIED: digest(manifest)}
    return {**manifest, "metadata": {**metadata, "annotations": {**metadata.get("annotations", {}), **marks}}}


def _says_all(live: Body, desired: Body) -> bool:
    return annotation(live, APPLIED) == annotation(desired, APPLIED) and satisfies(live, desired)


def _state(body: Body) -> str:
    """Version of what was applied: the generation where there is one, as status changes do not count it up.

    Metadata has no part in a generation, so labels and annotations are added.
    """
    metadata = body["metadata"]
    if "generation" not in metadata:
        return str(metadata["resourceVersion"])
    marks = {name: metadata.get(name) for name in ("uid", "generation", "labels", "annotations", "finalizers")}
    return digest(marks)
