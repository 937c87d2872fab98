"""What the last look at the queue found, as Prometheus metrics: by provider and by age.

`postfix_showq_...` have the names, labels and bounds of kumina/postfix_exporter.
"""

import time
from collections.abc import Iterable, Mapping

from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from smtppool.agent.listing import Listing, Waiting
from smtppool.agent.logcounts import Distribution
from smtppool.agent.logmetrics import observed


class QueueCollector(Collector):
    """All metrics of the last listing; none while the queue cannot be read."""

    def __init__(self) -> None:
        self._listing: Listing | None = None

    def show(self, listing: Listing | None) -> None:
        """From now on this one; it is not changed any more."""
        self._listing = listing

    def collect(self) -> Iterable[Metric]:
        """Ages as they are now."""
        listing = self._listing
        if listing is None:
            return
        oldest = GaugeMetricFamily("smtppool_queue_oldest_seconds", "Age of the oldest queued message; 0 without one")
        oldest.add_metric([], _age(listing.all))
        yield oldest
        yield from _by_provider(listing.providers)
        age, size = "Age of messages in Postfix's message queue, in seconds", "Size of queued messages, in bytes"
        yield _by_queue("postfix_showq_message_age_seconds", age, listing.ages)
        yield _by_queue("postfix_showq_message_size_bytes", size, listing.sizes)


def _by_provider(providers: Mapping[str, Waiting]) -> Iterable[Metric]:
    messages = GaugeMetricFamily(
        "smtppool_queue_provider_messages", "Queued messages with a recipient at the provider", labels=["provider"]
    )
    oldest = GaugeMetricFamily(
        "smtppool_queue_provider_oldest_seconds", "Age of the oldest of these", labels=["provider"]
    )
    for name, waiting in sorted(providers.items()):
        messages.add_metric([name], waiting.messages)
        oldest.add_metric([name], _age(waiting))
    yield messages
    yield oldest


def _age(waiting: Waiting) -> float:
    return max(0.0, time.time() - waiting.oldest) if waiting.oldest is not None else 0.0


def _by_queue(name: str, text: str, queues: Mapping[str, Distribution]) -> Metric:
    family = HistogramMetricFamily(name, text, labels=["queue"])
    for queue, distribution in queues.items():
        observed(family, [queue], distribution)
    return family
