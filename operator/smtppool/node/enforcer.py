"""Keeps the kernel's table as ordered, and says what is really in force.

Each look is level-triggered: whatever changed since, outside or by an order, one look puts it right. Without an order
nothing is changed: an earlier run's rules stay in force.
"""

import logging
from typing import NamedTuple

from smtppool.api.documents import EgressRule, NodeEgress
from smtppool.node import table
from smtppool.node.addresses import held_addresses
from smtppool.node.command import CommandError
from smtppool.node.departed import Departed
from smtppool.node.documents import Order, contradictions, same_table
from smtppool.node.flows import end_stale_flows
from smtppool.render.egress.listing import Listing

log = logging.getLogger(__name__)


class Look(NamedTuple):
    """What one look found, after putting right what was wrong."""

    held: frozenset[str]
    applied: tuple[EgressRule, ...]
    error: str | None


class Enforcer:
    """Remembers the listing that its last replacement gave: another listing means an alteration from outside."""

    def __init__(self, departed: Departed | None = None) -> None:
        self._departed = departed or Departed()
        self._ordered: NodeEgress | None = None
        self._listing: Listing | None = None
        self._flows_of: tuple[EgressRule, ...] | None = None  # rules whose flows are still to be checked

    async def look(self, order: Order) -> Look:
        """Addresses and rules as they are now; errors of the tools are in the answer."""
        held: frozenset[str] = frozenset()
        applied: tuple[EgressRule, ...] = ()
        try:
            held = await held_addresses()
            current = await table.read()
            applied = current.rules if current else ()
            if order.egress is not None:
                egress = self._departed.shut(order.egress, current=self._unaltered(current))
                applied = await self._enforce(egress, current=current)
                await self._end_flows(egress, applied=applied)
                shut = egress.rules[len(order.egress.rules) :]  # nobody waits for these
                told = tuple(rule for rule in applied if rule not in shut)
                return Look(held, told, contradictions(egress, applied=applied))
        except CommandError as error:
            return Look(held, applied, str(error))
        return Look(held, applied, None)

    def _unaltered(self, current: Listing | None) -> tuple[EgressRule, ...]:
        """The rules that are there by our doing, of this process or of the one before it."""
        if self._ordered is not None and current != self._listing:
            return self._ordered.rules
        return current.rules if current is not None else ()

    async def _enforce(self, egress: NodeEgress, *, current: Listing | None) -> tuple[EgressRule, ...]:
        if current is not None and current == self._listing and same_table(egress, self._ordered):
            return current.rules
        if self._listing is not None and current != self._listing:
            log.warning("the nftables table was changed from outside: it is put back")
        if self._flows_of is None:
            self._flows_of = current.rules if current else ()
        await table.replace(egress)
        listing = await table.read()
        if listing is None:
            raise CommandError("nft: the table is not there after it was applied")
        # What somebody alters between the two commands must not become the measure for later looks.
        as_ordered = contradictions(egress, applied=listing.rules) is None
        self._ordered, self._listing = egress, listing if as_ordered else None
        log.info("applied %d rules", len(listing.rules))
        return listing.rules

    async def _end_flows(self, egress: NodeEgress, *, applied: tuple[EgressRule, ...]) -> None:
        """Kept for the next look if it fails: a flow must not outlive its rule because one command did."""
        if self._flows_of is None:
            return
        ended = await end_stale_flows(egress, before=self._flows_of, after=applied)
        self._flows_of = None
        if ended:
            log.info("ended %d stale flows", ended)
