"""Keeps beside HAProxy what it needs to start without the agent: who is a member, and with which weight.

Both files lie on the pod's memory volume: they outlive the containers, and go with the pod. The pod's own relay
starts without weight: when all containers were killed, its Postfix takes longer to come back than HAProxy does. The
agent gives it its weight again.
"""

import logging
from collections.abc import Mapping

from smtppool.agent.settings import Paths
from smtppool.agent.slots import Slot, State
from smtppool.api import names
from smtppool.kube import files
from smtppool.render.haproxy_warm import WarmSlot, warm

log = logging.getLogger(__name__)


class WarmStart:
    """Writes the files when what they say has changed: it is asked at every turn of the balancer."""

    def __init__(self, paths: Paths, *, own_address: str) -> None:
        self._own = own_address
        self._cold = paths.at(names.HAPROXY_CONFIG)
        self._warm = paths.at(names.HAPROXY_WARM_CONFIG)
        self._acl = paths.members_acl
        self._kept: tuple[Mapping[str, tuple[Slot, ...]], frozenset[str]] | None = None

    def keep(self, held: Mapping[str, tuple[Slot, ...]], addresses: frozenset[str]) -> None:
        """`held`: backend -> its slots as HAProxy has them; `addresses`: of all members."""
        if self._kept == (held, addresses):
            return
        files.replace(self._acl, "".join(f"{one}\n" for one in sorted(addresses)))
        try:
            slots = {name: warm_slots(held[name], own_address=self._own) for name in held}
            files.replace(self._warm, warm(self._cold.read_text(), slots))
        except (OSError, ValueError) as error:
            log.warning("a restarted HAProxy would start without members", extra={"cause": repr(error)})
            self._warm.unlink(missing_ok=True)
            return
        self._kept = dict(held), addresses


def warm_slots(held: tuple[Slot, ...], *, own_address: str) -> list[WarmSlot]:
    """The slots of one backend; the own relay waits while another can take its part."""
    others = any(_weight(one) for one in held if one.address != own_address)
    return [
        WarmSlot(
            one.name,
            one.state is not State.MAINT,
            one.address,
            one.port,
            0 if others and one.address == own_address else _weight(one),
        )
        for one in held
    ]


def _weight(slot: Slot) -> int:
    return slot.weight if slot.state is State.READY else 0
