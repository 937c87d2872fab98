"""Makes a server's children as rendered, one after the other; what cannot be made is a problem to tell, not an error.

A pass that finds everything as its last one left it renders nothing: reports arrive every second, specs do not change.
"""

from collections.abc import Iterable
from typing import NamedTuple

from smtppool.api.names import BLOCKED, FINALIZER, Key
from smtppool.control.assess import Assessment
from smtppool.control.attempt import NAMESPACE_ENDS, Problem, attempt
from smtppool.control.context import Context
from smtppool.control.view import ServerView
from smtppool.kube.apply import Terminating
from smtppool.kube.kinds import (
    NAMESPACE,
    PERSISTENT_VOLUME_CLAIM,
    STATEFUL_SET,
    Body,
    Kind,
    is_terminating,
    key_of,
    kind_of,
)
from smtppool.policy.placement import Placement
from smtppool.render.children import children
from smtppool.render.identity import PoolObject, ServerObject


class _Settled(NamedTuple):
    """What was realised without a problem, and how the children looked then."""

    wish: tuple[object, ...]
    refs: tuple[tuple[Kind, Key], ...]
    look: tuple[object, ...]


class Children:
    """Remembers only what may be skipped; forgetting it costs one more comparison."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._settled: dict[str, _Settled] = {}

    async def realise(
        self, view: ServerView, assessment: Assessment, placement: Placement, *, namespace_ends: bool
    ) -> tuple[Problem, ...]:
        """Apply all children in dependency order."""
        if view.spec is None or view.pool is None or view.pool.spec is None:
            return ()  # the last good ones stay
        rendered = (view.spec.pool_ref, view.spec.relay, view.spec.smarthost)  # a weight is in no child
        released = assessment.drain.released
        wish = (view.uid, rendered, view.pool.uid, view.pool.generation, placement[:2], assessment.grant, released)
        if self._is_settled(view.uid, wish):
            return ()
        manifests = children(
            ServerObject(key=view.key, uid=view.uid, spec=view.spec),
            PoolObject(key=view.pool.key, uid=view.pool.uid, spec=view.pool.spec),
            grant=assessment.grant,
            placement=placement,
            image=self._context.settings.relay_image,
            released=released,
        )
        problems = [await self._one(view, manifest, namespace_ends=namespace_ends) for manifest in manifests]
        found = tuple(problem for problem in problems if problem is not None)
        self._settle(view.uid, wish, manifests, clean=not found)
        return found

    def forget(self, uid: str) -> None:
        """The server is gone, or on its way."""
        self._settled.pop(uid, None)

    async def _one(self, view: ServerView, manifest: Body, *, namespace_ends: bool) -> Problem | None:
        outcome, problem = await attempt(self._context.writer, manifest, owner=view.uid)
        if view.deleted and (problem is NAMESPACE_ENDS or isinstance(outcome, Terminating)):
            return None
        if problem is not None and isinstance(outcome, Terminating):
            return await self._terminating(view, outcome.body, problem, namespace_ends=namespace_ends)
        return problem

    async def _terminating(self, view: ServerView, body: Body, problem: Problem, *, namespace_ends: bool) -> Problem:
        """Somebody deleted a child of a living server."""
        if kind_of(body) == PERSISTENT_VOLUME_CLAIM:
            reason = f"SmtpServer {view.key.name} still uses it: delete the SmtpServer, which empties the queue first"
            await self._context.marker.mark(body, annotations={BLOCKED: reason})
            name = f"{body['kind']} {body['metadata']['name']}"
            return Problem("VolumeTerminating", f"{name} is being deleted; it is held as long as the server exists")
        if kind_of(body) == STATEFUL_SET and not namespace_ends and not await self._namespace_ends(view.key.namespace):
            await self._context.marker.drop_finalizer(body, FINALIZER)  # it comes back when it is gone; the queue stays
        return problem

    async def _namespace_ends(self, namespace: str) -> bool:
        return await namespace_ends(self._context, namespace)

    def _is_settled(self, uid: str, wish: tuple[object, ...]) -> bool:
        settled = self._settled.get(uid)
        return settled is not None and settled.wish == wish and settled.look == self._look(settled.refs)

    def _settle(self, uid: str, wish: tuple[object, ...], manifests: Iterable[Body], *, clean: bool) -> None:
        if not clean:
            self._settled.pop(uid, None)
            return
        refs = tuple((kind_of(manifest), key_of(manifest)) for manifest in manifests)
        self._settled[uid] = _Settled(wish, refs, self._look(refs))

    def _look(self, refs: Iterable[tuple[Kind, Key]]) -> tuple[object, ...]:
        return tuple(_look(self._context.cache.get(kind, key)) for kind, key in refs)


async def namespace_ends(context: Context, namespace: str) -> bool:
    """The namespace admits nothing new."""
    body = await context.api.get(NAMESPACE, Key("", namespace))
    return body is None or is_terminating(body)


def _look(body: Body | None) -> object:
    """What may not change unnoticed. A report's data are the agent's business, so its version does not count."""
    if body is None:
        return None
    metadata = body["metadata"]
    if "generation" in metadata or (kind_of(body).name == "ConfigMap" and "report.json" in body.get("data", {})):
        marks = ("uid", "generation", "labels", "annotations", "finalizers", "deletionTimestamp")
        return repr([metadata.get(mark) for mark in marks])
    return metadata["uid"], metadata["resourceVersion"]
