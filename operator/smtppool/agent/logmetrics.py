"""The log's counts as Prometheus metrics, made at the scrape.

`postfix_...` have the names, labels and bounds of kumina/postfix_exporter; `smtppool_...` say what it cannot: provider,
outcome, bounce class.
"""

from collections.abc import Iterable, Sequence

from prometheus_client.core import (
    CounterMetricFamily,
    HistogramMetricFamily,
    Metric,
    UntypedMetricFamily,
)
from prometheus_client.registry import Collector

from smtppool.agent.logclock import LogClock
from smtppool.agent.logcounts import STAGES, Distribution, LogCounts, Tally
from smtppool.agent.maillog import LogTail

TLS_LABELS = ("trust", "protocol", "cipher", "secret_bits", "algorithm_bits")


class LogCollector(Collector):
    """All metrics of the log."""

    def __init__(self, counts: LogCounts, tail: LogTail, clock: LogClock) -> None:
        self._counts = counts
        self._tail = tail
        self._clock = clock

    def collect(self) -> Iterable[Metric]:
        """Now."""
        counts = self._counts
        yield from _own(counts)
        yield from _smtp(counts)
        yield from _queue(counts)
        yield from _smtpd(counts)
        yield _count("smtppool_log_lines", "Log lines read", counts.lines)
        yield _count("smtppool_log_strange_lines", "Log lines that are not of Postfix' form", counts.strange)
        yield _count("smtppool_log_long_lines", "Log lines given up for their length", self._tail.long_lines)
        yield _count(
            "smtppool_log_truncations", "Times that the log became another under its name", self._tail.truncations
        )
        yield _count(
            "smtppool_log_files_lost",
            "Log files that were deleted, or gone when the agent came back",
            self._tail.lost_files,
        )
        yield _count("smtppool_clock_jumps", "Times that the wall clock jumped", self._clock.jumps)


def _own(counts: LogCounts) -> Iterable[Metric]:
    yield _counts("smtppool_delivery_attempts", "Delivery attempts", ("provider", "status"), counts.attempts)
    yield _counts(
        "smtppool_recipients", "Recipients by fate, each once", ("provider", "outcome", "class"), counts.recipients
    )
    response = HistogramMetricFamily(
        "smtppool_response_seconds", "Time that receivers took: connect to end of transmission", labels=["provider"]
    )
    for provider, distribution in counts.response.copy().items():
        observed(response, [provider], distribution)
    yield response
    yield _counts("smtppool_not_attempted", "Recipients put off untried", ("reason",), counts.not_attempted)
    yield _counts("smtppool_handover_recipients", "Recipients by what a peer said", ("status",), counts.handovers)
    yield _counts(
        "smtppool_notification_recipients",
        "Recipients of mail with an empty sender, by fate",
        ("outcome",),
        counts.notification_recipients,
    )
    yield _count("smtppool_notifications", "Non-delivery notifications made", counts.notifications)
    yield _counts("smtppool_rejects", "Refusals of incoming mail", ("stage", "code"), counts.rejects)


def _smtp(counts: LogCounts) -> Iterable[Metric]:
    delays = HistogramMetricFamily(
        "postfix_smtp_delivery_delay_seconds", "SMTP message processing time in seconds.", labels=["stage"]
    )
    for stage, distribution in zip(STAGES, counts.delays, strict=True):
        observed(delays, [stage], distribution)
    yield delays
    deferred = UntypedMetricFamily("postfix_smtp_status_deferred", "Total number of messages deferred.")
    deferred.add_metric([], counts.smtp_deferred)
    yield deferred
    yield _count("postfix_smtp_connection_timed_out", "Connections to receivers that timed out.", counts.smtp_timeouts)
    yield _counts("postfix_smtp_tls_connections", "Outgoing TLS connections.", TLS_LABELS, counts.smtp_tls)


def _queue(counts: LogCounts) -> Iterable[Metric]:
    yield _count("postfix_cleanup_messages_processed", "Messages processed by cleanup.", counts.cleanup_processed)
    yield _count("postfix_cleanup_messages_rejected", "Messages rejected by cleanup.", counts.cleanup_rejected)
    # Spelt as the exporter spells it.
    recipients = HistogramMetricFamily("postfix_qmgr_messages_inserted_receipients", "Recipients per queued message.")
    observed(recipients, [], counts.queued_recipients)
    yield recipients
    size = HistogramMetricFamily("postfix_qmgr_messages_inserted_size_bytes", "Size of queued messages in bytes.")
    observed(size, [], counts.queued_bytes)
    yield size
    yield _count("postfix_qmgr_messages_removed", "Messages removed from the queue.", counts.removed)


def _smtpd(counts: LogCounts) -> Iterable[Metric]:
    yield _count("postfix_smtpd_connects", "Incoming connections.", counts.connects)
    yield _count("postfix_smtpd_disconnects", "Incoming disconnections.", counts.disconnects)
    yield _counts("postfix_smtpd_connections_lost", "Connections lost.", ("after_stage",), counts.lost)
    yield _counts("postfix_smtpd_messages_processed", "Messages processed.", ("sasl_method",), counts.accepted)
    yield _counts("postfix_smtpd_messages_rejected", "NOQUEUE rejects at RCPT.", ("code",), counts.refused)
    yield _counts("postfix_smtpd_tls_connections", "Incoming TLS connections.", TLS_LABELS, counts.smtpd_tls)


def _count(name: str, text: str, value: int) -> Metric:
    return CounterMetricFamily(name, text, value=value)


def _counts(name: str, text: str, labels: Sequence[str], tally: Tally) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    for key, count in sorted(dict.copy(tally).items()):
        family.add_metric(key, count)
    return family


def observed(family: HistogramMetricFamily, labels: Sequence[str], distribution: Distribution) -> None:
    """Add what a distribution holds."""
    buckets, running = [], 0
    for bound, count in zip((*map(str, distribution.bounds), "+Inf"), list(distribution.counts), strict=True):
        running += count
        buckets.append((bound, float(running)))
    family.add_metric(labels, buckets, distribution.total)
