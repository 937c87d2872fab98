"""A recorded day: outcomes from a CSV file with a header, from JSON lines with the same names, or from an agent's log.

`time` (RFC 3339, or seconds), `server`, `provider`, `outcome` (delivered, deferred, bounced), `class` (of a bounce),
`count` (default 1), `response_seconds` (mean of the row, optional). Rows may be in any order. Providers are judged
under the names that the operator knows, all others as one.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from smtppool.cli.simulation import events
from smtppool.policy.health.counters import Counts, total
from smtppool.policy.health.examine import Subject
from smtppool.policy.health.reported import judged_as
from smtppool.policy.verdict import parse_time, quoted

LONGEST = timedelta(days=40)


class RecordingError(ValueError):
    """A file that is no recording; the message names the line."""


class Recorded:
    """Source of outcomes that happened; what the policy decides does not change them."""

    def __init__(self, rows: Iterator[tuple[int, Mapping[str, Any]]], *, step: timedelta) -> None:
        """RecordingError for a row that cannot be read, for no rows, and for more than 40 days."""
        parsed = [_row(number, row) for number, row in rows]
        if not parsed:
            raise RecordingError("the recording has no rows")
        first = min(seconds for seconds, _, _ in parsed)
        self.duration = timedelta(seconds=max(seconds for seconds, _, _ in parsed) - first) + step
        if self.duration > LONGEST:
            raise RecordingError(f"the recording spans {self.duration.days} days, at most {LONGEST.days} are read")
        by_step: dict[int, dict[Subject, list[Counts]]] = {}
        for seconds, subject, counts in parsed:
            place = timedelta(seconds=seconds - first) // step
            by_step.setdefault(place, {}).setdefault(_judged(subject), []).append(counts)
        self._step = step
        self._counts = {
            place: {subject: total(counts) for subject, counts in found.items()} for place, found in by_step.items()
        }
        self.servers = sorted({subject.server for _, subject, _ in parsed})
        named = {subject.provider or "" for _, subject, _ in parsed}
        self.providers = sorted({judged_as(name) for name in named})
        self.unknown = sorted(named - set(self.providers))

    def outcomes(self, at: timedelta, _shares: Mapping[Subject, float]) -> Mapping[Subject, Counts]:
        """What was recorded for the step that begins at `at`."""
        return self._counts.get(at // self._step, {})


def _judged(subject: Subject) -> Subject:
    return Subject(subject.server, judged_as(subject.provider or ""))


def rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Rows with their line numbers; a file that starts with `{` is JSON lines, of an agent if it has its events."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(f"cannot be read: {error}") from error
    if events.are_in(text):
        yield from events.rows(text)
        return
    if not text.lstrip().startswith("{"):
        yield from enumerate(csv.DictReader(text.splitlines()), start=2)
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise RecordingError(f"line {number}: {error}") from error
            if not isinstance(row, dict):
                raise RecordingError(f"line {number}: not an object")
            yield number, row


def _row(number: int, row: Mapping[str, Any]) -> tuple[float, Subject, Counts]:
    """Its time, its subject as the file names it, its counts."""
    try:
        subject = Subject(str(row["server"]), str(row["provider"]))
        count = int(row.get("count") or 1)
        response = row.get("response_seconds")
        seconds = _seconds(row["time"])
        counts = _counts(str(row["outcome"]), str(row.get("class") or ""), count)
    except KeyError as error:
        raise RecordingError(f"line {number}: {error.args[0]} is missing") from error
    except (TypeError, ValueError, OverflowError) as error:
        raise RecordingError(f"line {number}: {error}") from error
    if response in {None, ""}:
        return seconds, subject, counts
    return seconds, subject, _timed(counts, number, response)


def _timed(counts: Counts, number: int, response: object) -> Counts:
    try:
        mean = float(str(response))
    except ValueError as error:
        raise RecordingError(f"line {number}: response_seconds: {error}") from error
    if not 0 <= mean < 86_400:
        raise RecordingError(f"line {number}: response_seconds must be from 0 to a day")
    return Counts(
        delivered=counts.delivered,
        deferred=counts.deferred,
        bounced=counts.bounced,
        responses=counts.attempts,
        response_seconds=mean * counts.attempts,
    )


def _counts(outcome: str, bounce_class: str, count: int) -> Counts:
    if count < 0:
        raise ValueError(f"count is {count}")
    match outcome:
        case "delivered":
            return Counts(delivered=count)
        case "deferred":
            return Counts(deferred=count)
        case "bounced":
            if not bounce_class:
                raise ValueError("a bounce needs a class")
            return Counts(bounced={bounce_class: count})
    raise ValueError(f"outcome {quoted(outcome, limit=40)!r} is not delivered, deferred or bounced")


def _seconds(value: object) -> float:
    moment = None
    try:
        seconds = float(str(value))
    except ValueError:
        moment = parse_time(str(value))
        if moment is None:
            raise ValueError(f"time {quoted(str(value), limit=40)!r} is neither RFC 3339 nor seconds") from None
        seconds = moment.timestamp()
    if not abs(seconds) < 1e11:
        raise ValueError(f"time {seconds} is out of range")
    return seconds
