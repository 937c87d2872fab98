"""All that is counted from the log since the agent's start, as plain numbers: one thread counts, a scrape copies.

Names and labels of what is shown are in `logmetrics.py`. Keys that come out of the log are bounded.
"""

from bisect import bisect_left
from collections import defaultdict
from typing import Final

from smtppool.agent.deliveries import Delivery

MAX_KEYS: Final = 256
STAGES: Final = ("before_queue_manager", "queue_manager", "connection_setup", "transmission")
# Bounds of kumina/postfix_exporter, so that its dashboards fit.
DELAY_BOUNDS: Final = (0.001, 0.01, 0.1, 1.0, 10.0, 60.0, 3600.0, 86400.0, 172800.0)
RECIPIENT_BOUNDS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
SIZE_BOUNDS: Final = (1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9)
RESPONSE_BOUNDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

Key = tuple[str, ...]


class Tally(defaultdict[Key, int]):
    """Counts by labels; once there are MAX_KEYS, new ones are counted as `other`."""

    def __init__(self) -> None:
        super().__init__(int)

    def count(self, *labels: str) -> None:
        """One more of these labels."""
        key = labels if labels in self or len(self) < MAX_KEYS else ("other",) * len(labels)
        self[key] += 1


class Distribution:
    """A histogram: `counts[i]` of values up to `bounds[i]`, and one more for all beyond."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """One more value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class LogCounts:
    """What the log told."""

    def __init__(self) -> None:
        self.lines = 0
        self.strange = 0  # lines that are not of Postfix' form
        self.attempts = Tally()  # provider, status
        self.recipients = Tally()  # provider, outcome, class
        self.response: dict[str, Distribution] = {}  # by provider
        self.not_attempted = Tally()  # reason
        self.handovers = Tally()  # status
        self.notification_recipients = Tally()  # outcome
        self.notifications = 0
        self.rejects = Tally()  # stage, code
        self.delays = tuple(Distribution(DELAY_BOUNDS) for _ in STAGES)  # of smtp(8)
        self.smtp_deferred = 0
        self.smtp_timeouts = 0
        self.smtp_tls = Tally()  # trust, protocol, cipher, secret bits, algorithm bits
        self.cleanup_processed = 0
        self.cleanup_rejected = 0
        self.queued_recipients = Distribution(RECIPIENT_BOUNDS)
        self.queued_bytes = Distribution(SIZE_BOUNDS)
        self.removed = 0
        self.connects = 0
        self.disconnects = 0
        self.lost = Tally()  # stage
        self.accepted = Tally()  # SASL method
        self.refused = Tally()  # code; at RCPT only, as the exporter has it
        self.smtpd_tls = Tally()  # as smtp_tls

    def smtp(self, delivery: Delivery) -> None:
        """A delivery line of smtp(8)."""
        for distribution, delay in zip(self.delays, delivery.delays, strict=True):  # no call for each of four
            distribution.counts[bisect_left(DELAY_BOUNDS, delay)] += 1
            distribution.total += delay
        if delivery.status == b"deferred":
            self.smtp_deferred += 1

    def answered(self, provider: str, seconds: float) -> None:
        """A receiver's response time."""
        distribution = self.response.get(provider)
        if distribution is None:
            distribution = self.response[provider] = Distribution(RESPONSE_BOUNDS)
        distribution.observe(seconds)
