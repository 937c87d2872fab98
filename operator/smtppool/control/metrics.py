"""The operator's metrics: passes with their time and failures, and the events that asked for them."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
K = TypeVar("K")


class Metrics:
    """One registry for one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.seconds = Histogram(
            "smtppool_operator_pass_seconds",
            "Duration of passes, by queue.",
            ["queue"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.failures = Counter(
            "smtppool_operator_pass_failures",
            "Passes that ended with an error, by queue.",
            ["queue"],
            registry=self.registry,
        )
        self.events = Counter(
            "smtppool_operator_events", "Watch events received, by kind.", ["kind"], registry=self.registry
        )
        self.ready = Gauge(
            "smtppool_operator_ready", "1 while the cache is complete and passes run.", registry=self.registry
        )

    def timed(self, queue: str, work: Callable[[K], Awaitable[float | None]]) -> Callable[[K], Awaitable[float | None]]:
        """The same work, measured."""

        async def measured(key: K) -> float | None:
            with self.failures.labels(queue).count_exceptions(), self.seconds.labels(queue).time():
                return await work(key)

        return measured
