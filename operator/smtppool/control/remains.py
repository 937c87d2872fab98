"""What is left of a deleted server, looked for at the API server where the cache has nothing.

An object that lost its labels is invisible to the watch and holds its mail all the same.
"""

from dataclasses import dataclass

from smtppool.api.names import (
    FINALIZER,
    OWNER_UID,
    Key,
    config_name,
    grant_name,
    pod_name,
    queue_name,
    relay_name,
    report_name,
)
from smtppool.control.context import Context
from smtppool.control.view import ServerView
from smtppool.kube.apply import Terminating
from smtppool.kube.kinds import (
    CONFIG_MAP,
    NETWORK_POLICY,
    PERSISTENT_VOLUME_CLAIM,
    POD,
    ROLE,
    ROLE_BINDING,
    SERVICE,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
    Body,
    Kind,
    annotation,
    is_terminating,
)


@dataclass(frozen=True, kw_only=True)
class Remains:
    """The children that mail depends on; only those that are the server's own."""

    workload: Body | None
    pod: Body | None
    volume: Body | None


async def find_remains(context: Context, view: ServerView) -> Remains:
    """Three looks."""
    name = view.key.name
    return Remains(
        workload=await _own(context, view, STATEFUL_SET, relay_name(name)),
        pod=await _own(context, view, POD, pod_name(name)),
        volume=await _own(context, view, PERSISTENT_VOLUME_CLAIM, queue_name(name)),
    )


async def remove_workload(context: Context, view: ServerView, remains: Remains) -> None:
    """The StatefulSet, and with it its pod; a pod that was orphaned is deleted by itself."""
    if remains.workload is not None:
        await _release_and_delete(context, view, remains.workload, STATEFUL_SET, relay_name(view.key.name))
    elif remains.pod is not None:
        await context.writer.delete(POD, Key(view.key.namespace, pod_name(view.key.name)), owner=view.uid)


async def remove_volume(context: Context, view: ServerView, remains: Remains) -> None:
    """The claim of an empty, dropped or kept queue."""
    if remains.volume is not None:
        await _release_and_delete(context, view, remains.volume, PERSISTENT_VOLUME_CLAIM, queue_name(view.key.name))


async def remove_rest(context: Context, view: ServerView) -> bool:
    """Everything else, whether or not the cache knows it; True when nothing is left.

    An agent may patch its report, so also put a finalizer there: it must not hold up the deletion of its server.
    """
    gone = True
    for kind, name in _rest(view.key.name):
        outcome = await context.writer.delete(kind, Key(view.key.namespace, name), owner=view.uid)
        if isinstance(outcome, Terminating):
            gone = False
            if name == report_name(view.key.name) and is_terminating(outcome.body):
                await context.marker.release(outcome.body)
    return gone


async def _own(context: Context, view: ServerView, kind: Kind, name: str) -> Body | None:
    body = await context.writer.live(kind, Key(view.key.namespace, name))
    return body if body is not None and annotation(body, OWNER_UID) == view.uid else None


async def _release_and_delete(context: Context, view: ServerView, body: Body, kind: Kind, name: str) -> None:
    await context.marker.drop_finalizer(body, FINALIZER)
    await context.writer.delete(kind, Key(view.key.namespace, name), owner=view.uid)


def _rest(name: str) -> tuple[tuple[Kind, str], ...]:
    return (
        (SERVICE, relay_name(name)),
        (NETWORK_POLICY, relay_name(name)),
        (CONFIG_MAP, config_name(name)),
        (CONFIG_MAP, grant_name(name)),
        (CONFIG_MAP, report_name(name)),
        (ROLE_BINDING, relay_name(name)),
        (ROLE, relay_name(name)),
        (SERVICE_ACCOUNT, relay_name(name)),
    )
