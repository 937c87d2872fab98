"""PersistentVolumes behind claims, read only: keeping one is the user's right and not the operator's.

They are not watched. Where a volume can be attached does not change: one look is enough as long as it is claimed.
"""

from smtppool.api.names import Key
from smtppool.control.context import Context
from smtppool.control.neighbours import is_cordoned
from smtppool.control.view import ServerView
from smtppool.kube.cache import Ref, version_of
from smtppool.kube.errors import RefusedError
from smtppool.kube.kinds import PERSISTENT_VOLUME, Body, key_of


async def is_kept(context: Context, claim: Body | None) -> bool:
    """True also for a claim without a volume: there is nothing to lose. False where we may not look."""
    name = _name(claim)
    if name is None:
        return True
    try:
        volume = await context.api.get(PERSISTENT_VOLUME, Key("", name))
    except RefusedError:
        return False
    return volume is None or volume["spec"].get("persistentVolumeReclaimPolicy") == "Retain"


async def look_at_volume(context: Context, view: ServerView) -> bool:
    """Learn where the volume of a relay that may have to move can be attached; whether that is news."""
    name = _name(view.volume)
    if name is None or not _may_have_to_move(context, view) or context.neighbours.volume(name) is not None:
        return False
    try:
        volume = await context.api.get(PERSISTENT_VOLUME, Key("", name))
    except RefusedError:
        return False
    return volume is not None and context.cache.store(volume)


def forget_volume(context: Context, claim: Body) -> None:
    """The claim is gone; another one of this name has another volume."""
    name = _name(claim)
    known = context.neighbours.volume(name) if name is not None else None
    if known is not None:
        context.cache.forget(Ref(PERSISTENT_VOLUME, key_of(known)), version_of(known))


def _may_have_to_move(context: Context, view: ServerView) -> bool:
    if view.pod is not None and view.pod.node is not None:
        body = context.neighbours.node_object(view.pod.node)
        return body is not None and is_cordoned(body)
    return context.neighbours.any_cordoned


def _name(claim: Body | None) -> str | None:
    return (claim or {}).get("spec", {}).get("volumeName") or None
