"""Does the volume behind a claim outlive it: read only, as keeping it is the user's right and not the operator's."""

from smtppool.api.names import Key
from smtppool.control.context import Context
from smtppool.kube.errors import RefusedError
from smtppool.kube.kinds import PERSISTENT_VOLUME, Body


async def is_kept(context: Context, claim: Body | None) -> bool:
    """True also for a claim without a volume: there is nothing to lose. False where we may not look."""
    name = (claim or {}).get("spec", {}).get("volumeName")
    if not name:
        return True
    try:
        volume = await context.api.get(PERSISTENT_VOLUME, Key("", name))
    except RefusedError:
        return False
    return volume is None or volume["spec"].get("persistentVolumeReclaimPolicy") == "Retain"
