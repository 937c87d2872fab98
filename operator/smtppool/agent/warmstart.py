"""Keeps beside HAProxy what it needs to start without the agent: who is a member, and with which weight.

Both files lie on the pod's memory volume: they outlive the containers, and go with the pod.
"""

import logging
from collections.abc import Mapping

from smtppool.agent import files
from smtppool.agent.settings import Paths
from smtppool.agent.slots import Slot, State
from smtppool.api import names
from smtppool.render.haproxy_warm import WarmSlot, warm

log = logging.getLogger(__name__)


class WarmStart:
    """Writes the files when what they say has changed: it is asked at every turn of the balancer."""

    def __init__(self, paths: Paths) -> None:
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
            files.replace(self._warm, warm(self._cold.read_text(), {name: _slots(held[name]) for name in held}))
        except (OSError, ValueError) as error:
            log.warning("a restarted HAProxy would start without members", extra={"cause": repr(error)})
            self._warm.unlink(missing_ok=True)
            return
        self._kept = dict(held), addresses


def _slots(held: tuple[Slot, ...]) -> list[WarmSlot]:
    return [
        WarmSlot(one.name, one.state is not State.MAINT, one.address, one.port, one.weight * (one.state is State.READY))
        for one in held
    ]
