"""Finalizers, labels and annotations on existing objects, without a say in anything else of them.

Each write is a merge patch that holds for this uid alone (finalizers: for this resourceVersion); none where the object
already is as wanted.
"""

from collections.abc import Mapping
from typing import Any

from smtppool.api.names import FIELD_MANAGER
from smtppool.kube.cache import Cache, Ref, version_of
from smtppool.kube.client import Api
from smtppool.kube.errors import AbsentError
from smtppool.kube.kinds import Body, is_terminating, key_of, kind_of, uid_of

Values = Mapping[str, str | None]  # None: must not be there


class Marker:
    """Marks live objects; answers with the object as it is then, None when it is gone."""

    def __init__(self, *, api: Api, cache: Cache) -> None:
        self._api = api
        self._cache = cache

    async def mark(self, live: Body, *, labels: Values | None = None, annotations: Values | None = None) -> Body | None:
        """Set or remove single labels and annotations."""
        metadata = live["metadata"]
        wanted = {"labels": labels or {}, "annotations": annotations or {}}
        patch: dict[str, Any] = {}
        for field, values in wanted.items():
            present = metadata.get(field, {})
            if different := {name: value for name, value in values.items() if present.get(name) != value}:
                patch[field] = different
        return await self._patch(live, patch) if patch else live

    async def add_finalizer(self, live: Body, name: str) -> Body | None:
        """Hold an object back from vanishing; the API server refuses it once the deletion was asked for."""
        present = finalizers(live)
        return live if name in present else await self._set(live, [*present, name])

    async def drop_finalizer(self, live: Body, name: str) -> Body | None:
        """Let an object go."""
        present = finalizers(live)
        return await self._set(live, [other for other in present if other != name]) if name in present else live

    async def release(self, live: Body) -> Body | None:
        """Let an object go, whoever holds it."""
        return await self._set(live, []) if finalizers(live) else live

    async def _set(self, live: Body, names: list[str]) -> Body | None:
        # The list is replaced as a whole: somebody else's finalizer must not be lost in a race.
        return await self._patch(live, {"finalizers": names, "resourceVersion": live["metadata"]["resourceVersion"]})

    async def _patch(self, live: Body, metadata: dict[str, Any]) -> Body | None:
        kind, key = kind_of(live), key_of(live)
        patch = {"metadata": {**metadata, "uid": uid_of(live)}}
        try:
            body = await self._api.merge_patch(kind, key, patch, manager=FIELD_MANAGER)
        except AbsentError:
            return None
        if is_terminating(body) and not finalizers(body) and not body["metadata"].get("deletionGracePeriodSeconds"):
            # Nothing holds it any longer: what came back is the last word of an object that is gone.
            self._cache.forget(Ref(kind, key), version_of(body))
            return None
        self._cache.store(body)
        return body


def finalizers(body: Body) -> list[str]:
    """Finalizers of an object."""
    return list(body["metadata"].get("finalizers", []))
