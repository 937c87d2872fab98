"""What each delivery counts for: windows, metrics and the event.

A recipient's fate is counted once. What was put off untried is no attempt. A handover to a peer is neither attempt nor
outcome, as the mail is still ours. Mail with an empty sender (bounces and other notifications) is counted apart and
enters no window: nobody handed it to the pool, and what becomes of it says nothing of the mail that was.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from smtppool.agent.deliveries import BOUNCED, DEFERRED, EXPIRED, FINAL, MAX_REPLY, Delivery
from smtppool.agent.logclock import LogClock, Moment
from smtppool.agent.logcounts import LogCounts
from smtppool.agent.outcomes import Outcomes
from smtppool.agent.windows import Cell, Cells, Windows
from smtppool.api.names import HANDOVER_LANE
from smtppool.policy import bounces
from smtppool.render.postfix_main import BOUNCE_LANE

_HANDOVER: Final = f"{HANDOVER_LANE}/".encode()
_BOUNCE_LANE: Final = f"{BOUNCE_LANE}/".encode()  # the lane of mail with an empty sender

Emit = Callable[[str], object]


class Ledger:
    """`counts` and `emit` are those of the lines that are being read; events are JSON."""

    def __init__(self, *, clock: LogClock, fields: dict[str, str]) -> None:
        self._clock = clock
        self.windows = Windows(clock.now)
        self.outcomes = Outcomes()
        self.counts = LogCounts()
        self.emit: Emit | None = None
        self._fields = json.dumps(fields)[1:]  # end of every event
        self._cells: dict[int, Cells] = {}  # by second, since the last `close`

    def close(self) -> None:
        """Put into the windows what was counted."""
        for at, cells in self._cells.items():
            self.windows.add(at, cells)
        self._cells.clear()

    def deliver(self, delivery: Delivery, service: bytes, moment: Moment, *, over_tls: bool) -> None:
        """A line of one recipient; `service`: what Postfix logs as `postfix/<service>`."""
        status = delivery.status
        outcome = status in FINAL and self.outcomes.first(delivery.queue_id, delivery.recipient)
        if status == DEFERRED:
            self.outcomes.deferred(delivery.queue_id, delivery.recipient, delivery.provider)
        bounce_class = _bounce_class(delivery)
        if service.startswith(_HANDOVER):
            self.counts.handovers.count(status.decode())
            outcome = False
        elif service.startswith(_BOUNCE_LANE) or self.outcomes.is_notification(delivery.queue_id):
            if outcome:
                self.counts.notification_recipients.count("delivered" if bounce_class is None else "bounced")
        else:
            if outcome:
                self._fate(delivery.provider, bounce_class, moment)
            if delivery.attempt:
                self._attempt(delivery, moment, over_tls=over_tls)
            elif status == DEFERRED:
                self.counts.not_attempted.count(_why_untried(delivery, service))
        if self.emit is not None:
            members = delivery.event(time=moment.text, service=service, bounce_class=bounce_class, outcome=outcome)
            self.emit(f"{{{members}, {self._fields}")

    def expire(self, queue_id: bytes, moment: Moment) -> None:
        """A message was given up: that is the fate of all its recipients that have none yet."""
        notification = self.outcomes.is_notification(queue_id)
        providers = self.outcomes.expired(queue_id)
        for provider in providers:
            if notification:
                self.counts.notification_recipients.count("bounced")
            else:
                self._fate(provider, bounces.EXPIRED, moment)
        if self.emit is not None:
            event = {
                "event": "expiry",
                "time": moment.text,
                "queueId": queue_id.decode(),
                "class": bounces.EXPIRED,
                "recipients": len(providers),
            }
            self.emit(f"{json.dumps(event)[:-1]}, {self._fields}")

    def dump(self) -> dict[str, Any]:
        """For the file."""
        return {"windows": self.windows.dump(), "outcomes": self.outcomes.dump()}

    def restore(self, dumped: Mapping[str, Any]) -> None:
        """Take in what `dump` gave; ValueError, TypeError, KeyError or AttributeError for anything else."""
        self.windows.restore(dumped["windows"])
        self.outcomes.restore(dumped["outcomes"])

    def clear(self) -> None:
        """As new."""
        self.windows, self.outcomes = Windows(self._clock.now), Outcomes()

    def _fate(self, provider: str, bounce_class: str | None, moment: Moment) -> None:
        cell = self._cell(provider, moment)
        if bounce_class is None:
            cell.delivered += 1
            self.counts.recipients.count(provider, "delivered", "")
        else:
            cell.bounced[bounce_class] = cell.bounced.get(bounce_class, 0) + 1
            self.counts.recipients.count(provider, "bounced", bounce_class)

    def _attempt(self, delivery: Delivery, moment: Moment, *, over_tls: bool) -> None:
        cell = self._cell(delivery.provider, moment)
        self.counts.attempts.count(delivery.provider, delivery.status.decode())
        if delivery.status == DEFERRED:
            cell.deferred += 1
        if delivery.relay.host is not None:
            seconds = delivery.response_time
            self.counts.answered(delivery.provider, seconds)
            cell.responses += 1
            cell.response_ms += int(seconds * 1000 + 0.5)
        if over_tls:
            cell.tls += 1

    def _cell(self, provider: str, moment: Moment) -> Cell:
        cells = self._cells.get(moment.at)
        if cells is None:
            cells = self._cells[moment.at] = {}
        cell = cells.get(provider)
        if cell is None:
            cell = cells[provider] = Cell()
        return cell


def _bounce_class(delivery: Delivery) -> str | None:
    if delivery.status == EXPIRED:
        return bounces.EXPIRED
    if delivery.status != BOUNCED:
        return None
    return bounces.classify(delivery.dsn.decode(), delivery.reply[:MAX_REPLY].decode(errors="replace"))


def _why_untried(delivery: Delivery, service: bytes) -> str:
    """`suspended` by qmgr, `unresolved` (no host, or our own trouble), `held` by a closed lane."""
    if delivery.suspended:
        return "suspended"
    return "unresolved" if service.endswith(b"smtp") else "held"
