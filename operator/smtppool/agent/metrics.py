"""Gauges from the facts at the time of the scrape; nothing is counted twice and nothing has to be kept up to date."""

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from smtppool.agent.balancer import Balancer
from smtppool.agent.facts import Board, Facts
from smtppool.agent.maillog import LogTail
from smtppool.agent.report import Reporter
from smtppool.agent.supervisor import Beats
from smtppool.api.documents import Intake, Lanes

_QUEUES = ("incoming", "active", "deferred", "hold", "corrupt")


class Parts(NamedTuple):
    """What is looked at besides the facts."""

    beats: Beats
    balancer: Balancer
    reporter: Reporter
    tail: LogTail
    connected: Callable[[], bool]


class FactsCollector(Collector):
    """The agent's gauges."""

    def __init__(self, board: Board, parts: Parts) -> None:
        self._board = board
        self._parts = parts

    def collect(self) -> Iterable[Metric]:
        """All gauges, now."""
        facts = self._board.facts
        yield from _mail(facts)
        yield from _control(facts, self._parts)
        failures = CounterMetricFamily("smtppool_task_failures", "Failed and restarted tasks", labels=["task"])
        for task, count in sorted(self._parts.beats.failures.items()):
            failures.add_metric([task], count)
        yield failures


def _mail(facts: Facts) -> Iterable[Metric]:
    queue = GaugeMetricFamily("smtppool_queue_messages", "Messages by Postfix queue", labels=["queue"])
    for name in _QUEUES if facts.queue is not None else ():
        queue.add_metric([name], getattr(facts.queue, name))
    yield queue
    yield _gauge("smtppool_queue_readable", "Whether the queue could be read", facts.queue is not None)
    yield _gauge("smtppool_sessions", "Open SMTP sessions of this pod", facts.sessions)
    lanes = GaugeMetricFamily("smtppool_lanes", "Lanes in force at the gate", labels=["state"])
    for state in Lanes:
        lanes.add_metric([state.value], float(facts.lanes is state))
    yield lanes
    yield _gauge("smtppool_intake_open", "Whether the gate takes new mail", facts.intake is Intake.OPEN)


def _control(facts: Facts, parts: Parts) -> Iterable[Metric]:
    yield _gauge("smtppool_haproxy_up", "Whether HAProxy answers", facts.haproxy_up)
    yield _gauge("smtppool_gate_up", "Whether the gate answers", facts.gate_up)
    yield _gauge("smtppool_api_connected", "Whether routing and grant are being watched", parts.connected())
    for name, at in (("routing", facts.routing_at), ("grant", facts.grant_at)):
        if at is not None:
            yield _gauge(f"smtppool_{name}_age_seconds", f"Time since the {name} was confirmed", time.time() - at)
    yield from _egress(facts)
    yield _gauge("smtppool_log_lag_bytes", "Log that is not read yet", parts.tail.lag)
    yield CounterMetricFamily("smtppool_report_writes", "Reports written", value=parts.reporter.writes)
    yield CounterMetricFamily("smtppool_haproxy_repairs", "Drift of HAProxy repaired", value=parts.balancer.repairs)


def _egress(facts: Facts) -> Iterable[Metric]:
    """1 only by a check that saw the expected address; nothing is said where the grant orders no check."""
    order = facts.grant.egress_check if facts.grant else None
    if order is not None and order.endpoint is None:
        return
    seen = facts.egress.observed_address if facts.egress.error is None else None
    right = order is not None and seen is not None and seen == order.expected
    yield _gauge("smtppool_egress_verified", "Whether the last check saw the expected address", right)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))
