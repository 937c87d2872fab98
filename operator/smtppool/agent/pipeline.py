"""Takes log lines apart and hands each to what counts it, by the Postfix program that wrote it.

A line that is not of Postfix' form is counted as strange, one of a program that is not listed here is skipped.
"""

import re
from collections.abc import Callable
from typing import Final

from smtppool.agent import deliveries, intake, tls
from smtppool.agent.ledger import Emit, Ledger
from smtppool.agent.logclock import LogClock, Moment
from smtppool.agent.logcounts import LogCounts

# Time, service, process id. The host name, ours, is skipped.
_HEAD: Final = re.compile(rb"(\w{3} [ \d]\d \d\d:\d\d:\d\d) \S+ postfix/([\w/.-]+)\[(\d+)\]: ")
_QUEUED: Final = re.compile(
    rb"(\w{6,40}): from=<(" + deliveries.ADDRESS + rb")>, "
    rb"(?:size=(\d{1,15}), nrcpt=(\d{1,9}) |status=(?:force-)?expired, returned to sender$)",
    re.DOTALL,
)
_NOTIFIED: Final = re.compile(rb"\w{6,40}: sender non-delivery notification: (\w{6,40})$")
_REMOVED: Final = b": removed"
MAX_SERVICES: Final = 256

Handler = Callable[[bytes, int, bytes, bytes], None]


class Pipeline:
    """Used from one thread at a time."""

    def __init__(self, *, clock: LogClock, fields: dict[str, str], learn: deliveries.Learn | None = None) -> None:
        self.clock = clock
        self.ledger = Ledger(clock=clock, fields=fields)
        self.counts = LogCounts()  # since the agent's start
        self._now = self.counts  # of the lines that are being read
        self._moment = Moment(0, "")
        self._parser = deliveries.Parser(learn)
        self._tls = tls.TlsUse()
        self._handlers: dict[bytes, Handler | None] = {}

    def feed(self, lines: list[bytes], *, emit: Emit | None = None, counts: LogCounts | None = None) -> None:
        """Count these lines. `emit` gets their events; `counts`: what to count in instead of the agent's own."""
        self._now = self.ledger.counts = counts or self.counts
        self.ledger.emit = emit
        moment_of, head, handlers = self.clock.reader(), _HEAD.match, self._handlers
        for line in lines:
            found = head(line)
            moment = moment_of(found[1]) if found else None
            if found is None or moment is None:
                self._now.strange += 1
                continue
            self._moment = moment
            service = found[2]
            handler = handlers[service] if service in handlers else self._handler(service)
            if handler is not None:
                handler(line, found.end(), service, found[3])
        self._now.lines += len(lines)
        self.ledger.close()

    def _handler(self, service: bytes) -> Handler | None:
        """By the program, which is the last part of the service's name."""
        handler = {
            b"smtp": self._smtp,
            b"error": self._error,
            b"retry": self._error,
            b"qmgr": self._qmgr,
            b"bounce": self._bounce,
            b"smtpd": self._smtpd,
            b"cleanup": self._cleanup,
        }.get(service.rpartition(b"/")[2])
        if len(self._handlers) < MAX_SERVICES:
            self._handlers[service] = handler
        return handler

    def _smtp(self, line: bytes, start: int, service: bytes, pid: bytes) -> None:
        delivery = self._parser.parse(line, start)
        if delivery is not None:
            self._now.smtp(delivery)
            over_tls = self._tls.uses(pid, delivery.relay.text)
            self.ledger.deliver(delivery, service, self._moment, over_tls=over_tls)
        elif b" TLS connection " in line:
            peer = tls.count(line, start, self._now.smtp_tls)
            if peer is not None:
                self._tls.connected(pid, peer)
        elif b"Cannot start TLS" in line:
            self._tls.failed(pid)
        elif line.startswith(b"connect to ", start) and line.endswith(b": Connection timed out"):
            self._now.smtp_timeouts += 1

    def _error(self, line: bytes, start: int, service: bytes, _pid: bytes) -> None:
        delivery = self._parser.parse(line, start)
        if delivery is not None:
            self.ledger.deliver(delivery, service, self._moment, over_tls=False)

    def _qmgr(self, line: bytes, start: int, _service: bytes, _pid: bytes) -> None:
        if line.endswith(_REMOVED):
            self._now.removed += 1
            self.ledger.outcomes.forget(line[start : -len(_REMOVED)])
            return
        found = _QUEUED.match(line, start)
        if found is None:
            return
        queue_id, sender, size, recipients = found.groups()
        if size is None:
            self.ledger.expire(queue_id, self._moment)
            return
        self._now.queued_bytes.observe(float(size))
        self._now.queued_recipients.observe(float(recipients))
        if not sender:
            self.ledger.outcomes.empty_sender(queue_id)

    def _bounce(self, line: bytes, start: int, _service: bytes, _pid: bytes) -> None:
        found = _NOTIFIED.match(line, start)
        if found is not None:
            self._now.notifications += 1
            self.ledger.outcomes.empty_sender(found[1])

    def _smtpd(self, line: bytes, start: int, _service: bytes, _pid: bytes) -> None:
        intake.smtpd(line, start, self._now)

    def _cleanup(self, line: bytes, start: int, _service: bytes, _pid: bytes) -> None:
        intake.cleanup(line, start, self._now)
