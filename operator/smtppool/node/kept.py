"""The last order, on the node's disk: what may be done with it before the API server has answered.

The table in the kernel lives as long as the network in which the pods have their addresses. While it is there, the copy
may only confirm it. Without it, after a boot, addresses are given out anew: the copy says which ones relays had, and
no longer which relay has one. So it shuts port 25 for them and translates nothing.
"""

import logging
from pathlib import Path

from smtppool.api.documents import EgressRule, NodeEgress
from smtppool.api.names import EGRESS_KEY
from smtppool.kube import files
from smtppool.node.documents import read_order
from smtppool.render.egress.listing import Listing
from smtppool.render.egress.nftables import effective_rules

log = logging.getLogger(__name__)


class KeptOrder:
    """`egress.json` in a directory of the node's: whole or absent, also after a loss of power."""

    def __init__(self, *, directory: Path, node: str) -> None:
        self._file = directory / EGRESS_KEY
        self._node = node
        self._held: NodeEgress | None = None

    def read(self) -> NodeEgress | None:
        """None, and a line in the log, if there is none, it cannot be read, or it is another node's."""
        try:
            text = self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            log.info("no kept order in %s", self._file.parent)
            return None
        except (OSError, UnicodeDecodeError) as error:
            log.warning("kept order refused: %s", error)
            return None
        order = read_order({EGRESS_KEY: text}, node=self._node)
        if order.egress is None:
            log.warning("kept order refused: %s", order.error)
        self._held = order.egress
        return order.egress

    def replace(self, egress: NodeEgress) -> None:
        """On disk when it returns; an order that is there already costs nothing. OSError if that failed."""
        if egress == self._held:
            return
        files.replace_durable(self._file, egress.model_dump_json(by_alias=True))
        self._held = egress


def forget(directory: Path) -> None:
    """Takes the copy away, with the table: nothing is left to hold back."""
    try:
        (directory / EGRESS_KEY).unlink(missing_ok=True)
    except OSError as error:
        log.warning("kept order not removed: %s", error)


def recall(kept: NodeEgress | None, *, current: Listing | None) -> NodeEgress | None:
    """What to enforce until the API server answers; None leaves the kernel as it is."""
    if kept is None:
        return None
    if current is None:
        log.warning(
            "no table in the kernel: port 25 of %d kept addresses is shut until an order comes", len(kept.rules)
        )
        return held_back(kept)
    if current.rules != effective_rules(kept.rules):
        log.warning("the kernel's table differs from the kept order: it stays until an order comes")
        return None
    return kept


def held_back(egress: NodeEgress) -> NodeEgress:
    """The same pod addresses, none of them translated."""
    rules = tuple(EgressRule(pod_address=rule.pod_address) for rule in egress.rules)
    return egress.model_copy(update={"rules": rules})
