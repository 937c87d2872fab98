"""Turns the maillog into delivery events on stdout and into counters."""

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TextIO

from prometheus_client import CollectorRegistry, Counter, Histogram

from smtppool.agent import deliveries
from smtppool.agent.maillog import LogTail
from smtppool.agent.settings import Settings

log = logging.getLogger(__name__)

IDLE_INTERVAL: Final = 0.25


class DeliveryMetrics:
    """Counters of what the log tells."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.attempts = Counter(
            "smtppool_delivery_attempts", "Delivery attempts by status", ["status"], registry=registry
        )
        self.outcomes = Counter(
            "smtppool_recipients", "Recipients by final status, each once", ["outcome"], registry=registry
        )
        self.response = Histogram(
            "smtppool_response_seconds",
            "Time that receivers took: connect to end of transmission",
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
            registry=registry,
        )
        self.lines = Counter("smtppool_log_lines", "Log lines read", registry=registry)


class LogReader:
    """Reads on while there is something to read; `tail` is also asked for its lag by the metrics."""

    def __init__(
        self, *, settings: Settings, tail: LogTail, metrics: DeliveryMetrics, out: TextIO | None = None
    ) -> None:
        self._fields = {"pool": settings.pool, "server": settings.server}
        self._outcomes = deliveries.Outcomes()
        self._metrics = metrics
        self._out = out or sys.stdout
        self.tail = tail

    async def run(self, beat: Callable[[], None]) -> None:
        """Follow the log for ever. File and stdout may block, so both are used off the event loop."""
        try:
            while True:
                read = await asyncio.to_thread(self._turn)
                beat()
                if not read:
                    await asyncio.sleep(IDLE_INTERVAL)
        finally:
            self.tail.close()

    def _turn(self) -> bool:
        lines = self.tail.read()
        events = self.events(lines, now=datetime.now(UTC))
        for event in events:
            # One write for each: up to 4 KiB a pipe takes them whole, between log lines of other threads.
            self._out.write(f"{event}\n")
        self._out.flush()
        if lines:
            self._keep_place()
        return bool(lines)

    def _keep_place(self) -> None:
        """On a full volume read on: to begin again at the old place would tell everything twice, again and again."""
        try:
            self.tail.keep_place()
        except OSError as error:
            log.warning("place in the log not kept", extra={"cause": repr(error)})

    def events(self, lines: list[str], *, now: datetime) -> list[str]:
        """JSON events of these lines, counted."""
        self._metrics.lines.inc(len(lines))
        events = []
        for line in lines:
            delivery = deliveries.parse(line, now=now)
            if delivery is not None:
                events.append(self._event(delivery))
            elif (gone := deliveries.removed(line)) is not None:
                self._outcomes.forget(gone)
        return events

    def _event(self, delivery: deliveries.Delivery) -> str:
        outcome = self._outcomes.first(delivery)
        if outcome:
            self._metrics.outcomes.labels(delivery.status).inc()
        if delivery.attempt:
            self._metrics.attempts.labels(delivery.status).inc()
            self._metrics.response.observe(delivery.response_time)
        return json.dumps(delivery.event(outcome=outcome) | self._fields)
