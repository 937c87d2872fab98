"""The agent's report: written when something changed, at most once per interval, urgent changes at once.

An unchanged report is never written; a report that cannot be delivered is tried for ever, always with the newest facts.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from smtppool.agent.facts import Board, Facts
from smtppool.agent.queue import emptying
from smtppool.agent.settings import Settings
from smtppool.api import names
from smtppool.api.documents import EgressObservation, Intake, MemberState, Report
from smtppool.api.names import Key
from smtppool.kube.client import Api
from smtppool.kube.errors import ApiError
from smtppool.kube.kinds import CONFIG_MAP

log = logging.getLogger(__name__)

CONFIRMATION_INTERVAL: Final = 60.0  # seconds between writes that only say "still the same address"
BEHIND: Final = 0.01  # seconds after a change, so that traffic follows it before it is told
FIRST_DELAY: Final = 0.2
LONGEST_DELAY: Final = 5.0
_DETAILS: Final = ("oldest_arrival", "providers")  # of a queue: they travel with the counts


def build(facts: Facts, *, server: str, pod_uid: str, pod_address: str) -> Report | None:
    """The report of these facts; None until the queue has been counted, and counted again since the pod is quiet.

    A server is deleted on a report that says: intake closed, no session of its own, empty queue. All three must hold at
    one time.
    """
    if (facts.queue is None and facts.queue_error is None) or facts.count_is_old:
        return None
    shut = facts.intake is Intake.CLOSED and facts.intake_shut
    return Report(
        server=server,
        pod_uid=pod_uid,
        pod_address=pod_address,
        egress=facts.egress,
        queue=facts.queue,
        queue_error=facts.queue_error,
        sessions=facts.sessions,
        entry_sessions=facts.entry_sessions,
        lanes=facts.lanes,
        intake=Intake.CLOSED if shut else Intake.OPEN,
        routing_hash=facts.applied_hash,
        outcomes=facts.outcomes,
        down=facts.down,
    )


def awaited(facts: Facts, *, server: str) -> bool:
    """Whether somebody waits for this relay to fall quiet: it is rolled, drained, or no member (any longer)."""
    members = facts.routing.members if facts.routing is not None else ()
    serves = any(one.name == server and one.state is MemberState.READY for one in members)
    return emptying(facts) or not serves


def urgent(last: Report, now: Report, *, awaited: bool) -> bool:
    """Whether the operator must act on this change, or waits for it: `awaited` says whether it does for an end."""
    return (
        any(getattr(last, part) != getattr(now, part) for part in ("lanes", "intake", "pod_uid", "pod_address", "down"))
        or last.egress.observed_address != now.egress.observed_address
        or (last.egress.error is None) != (now.egress.error is None)
        or (awaited and (_emptied(last, now) or _fell_quiet(last, now)))
    )


def _fell_quiet(last: Report, now: Report) -> bool:
    return last.sessions > 0 == now.sessions or last.own_sessions > 0 == now.own_sessions


def _emptied(last: Report, now: Report) -> bool:
    if now.queue is None or now.queue.messages:
        return False
    return last.queue is None or last.queue.messages > 0


def settled(last: Report | None, now: Report) -> Report:
    """`now` without what is not worth a write: `last`, if only details of the queue differ; see `_confirmed`."""
    if last is None:
        return now
    now = _confirmed(last, now)
    if last.queue is None or now.queue is None:
        return now
    details = {name: getattr(last.queue, name) for name in _DETAILS}
    return last if now.model_copy(update={"queue": now.queue.model_copy(update=details)}) == last else now


def _confirmed(last: Report, now: Report) -> Report:
    """`now` without a mere confirmation of the address that is too young to be worth a write."""
    if last.egress.observed_at is None or now.egress.observed_at is None:
        return now
    if _seconds_between(last.egress, now.egress) >= CONFIRMATION_INTERVAL:
        return now
    kept = now.egress.model_copy(update={"observed_at": last.egress.observed_at})
    return now.model_copy(update={"egress": kept}) if kept == last.egress else now


def _seconds_between(last: EgressObservation, now: EgressObservation) -> float:
    times = [datetime.fromisoformat(str(one.observed_at)) for one in (last, now)]
    return (times[1] - times[0]).total_seconds()


class Reporter:
    """Sends reports; `last` is what the API server has, None when that is not known."""

    def __init__(self, *, settings: Settings, board: Board, api: Api) -> None:
        self._settings = settings
        self._board = board
        self._api = api
        self.last: Report | None = None
        self.writes = 0
        self._sent = float("-inf")

    async def run(self, beat: Callable[[], None]) -> None:
        """Report for ever; the report is made once for each look at the facts."""
        delay = FIRST_DELAY
        while True:
            seen = self._board.version
            report = self._unsaid()
            pause = self._pause(report)
            if report is None or pause > 0:
                beat()
                if await self._board.wait(seen, timeout=pause):
                    await asyncio.sleep(BEHIND)
                continue
            try:
                await self._send(report)
                delay = FIRST_DELAY
            except ApiError as error:
                log.warning("report not delivered", extra={"cause": str(error)})
                await asyncio.sleep(max(error.retry_after, delay * random.uniform(0.5, 1.0)))  # noqa: S311 - jitter
                delay = min(delay * 2, LONGEST_DELAY)

    def _unsaid(self) -> Report | None:
        """What the facts say now, if the API server does not have it."""
        own = self._settings
        report = build(self._board.facts, server=own.server, pod_uid=own.pod_uid, pod_address=own.pod_ip)
        if report is None:
            return None
        report = settled(self.last, report)
        return None if report == self.last else report

    def _pause(self, report: Report | None) -> float:
        """Seconds until it may be sent."""
        if report is None:
            return CONFIRMATION_INTERVAL
        facts, server = self._board.facts, self._settings.server
        if self.last is None or urgent(self.last, report, awaited=awaited(facts, server=server)):
            return 0.0
        routing = facts.routing
        interval = routing.report_interval_seconds if routing else 1
        return self._sent + interval - time.monotonic()

    async def _send(self, report: Report) -> None:
        content = report.model_dump_json(by_alias=True, exclude_none=True)
        key = Key(self._settings.namespace, names.report_name(self._settings.server))
        patch = {"data": {names.REPORT_KEY: content}}
        await self._api.merge_patch(CONFIG_MAP, key, patch, manager=names.AGENT_MANAGER)
        self.last, self._sent = report, time.monotonic()
        self.writes += 1
