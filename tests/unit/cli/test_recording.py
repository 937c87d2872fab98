"""A recorded day as the simulator's input: read in each of its forms, and judged as a cluster would."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from smtppool.agent.logclock import LogClock
from smtppool.agent.pipeline import Pipeline
from smtppool.cli.simulation.recording import Recorded, rows
from smtppool.policy.health.counters import Counts
from tests.unit.agent.loglines import (
    BOUNCED,
    DEFERRED,
    HELD,
    NOW,
    REFUSED,
    SENT,
    SUSPENDED,
    delivery,
    expired,
)
from tests.unit.cli.simulator import run

LINE = '{"time": 1, "server": "a", "provider": "yahoo", "outcome": "delivered"}\n'
CSV = "time,server,provider,outcome,class,count,response_seconds\n"
ROWS = [
    (minute, outcome, bounce_class, count)
    for minute in range(5)
    for outcome, bounce_class, count in (("delivered", "", 80), ("bounced", "SpamBlock", 20))
]


def test_a_recorded_day_in_either_format(tmp_path: Path) -> None:
    csv, lines, plot = tmp_path / "day.csv", tmp_path / "day.jsonl", tmp_path / "day.svg"
    times = [f"2026-01-05T10:{minute:02}:00Z" for minute in range(5)]
    csv.write_text(
        CSV + "".join(f"{times[m]},{server},yahoo,{o},{c},{n},0.8\n" for m, o, c, n in ROWS for server in "ab")
    )
    names = ("time", "server", "provider", "outcome", "class", "count", "response_seconds")
    rows = [(m * 60, server, "yahoo", o, c, n, 0.8) for m, o, c, n in ROWS for server in "ab"]
    lines.write_text("\n".join(json.dumps(dict(zip(names, row, strict=True))) for row in rows))
    found = run("--recording", str(csv), "--svg", str(plot))
    assert found.exit_code == 0
    assert "bounce 20 % of 100 in 15 s, limit 3 %" in found.output
    assert found.output == run("--recording", str(lines)).output
    assert ET.parse(plot).getroot().tag.endswith("svg")


@pytest.mark.parametrize(("provider", "excluded"), [("yahoo", True), ("other", False), ("gmail", False)])
def test_a_recorded_provider_is_judged_as_in_a_cluster(tmp_path: Path, provider: str, excluded: bool) -> None:
    """Refused at that provider alone, beside enough good mail that the relay as a whole stays within its limit."""
    file, good = tmp_path / "day.csv", "google,delivered,,2000,0.8"
    refused = (f"{provider},delivered,,80,0.8", f"{provider},bounced,SpamBlock,20,0.8")
    rows = (f"{minute * 60},{server},{row}\n" for minute in range(5) for server in "abc" for row in (good, good))
    file.write_text(CSV + "".join((*rows, *(f"{minute * 60},a,{row}\n" for minute in range(5) for row in refused))))
    found = run("--recording", str(file))
    assert ("ExcludeProvider" in found.output) == excluded
    assert ("judged as other, as the operator knows no such provider: gmail" in found.output) == (provider == "gmail")


def test_unknown_providers_are_one(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    file.write_text(CSV + "1,a,gmail,delivered,,2,\n1,a,default,deferred,,3,\n1,a,other,delivered,,4,\n")
    recorded = Recorded(rows(file), step=timedelta(seconds=15))
    assert recorded.outcomes(timedelta(), {}) == {("a", "other"): Counts(delivered=6, deferred=3)}
    assert (recorded.providers, recorded.unknown) == (["other"], ["default", "gmail"])


def agent_log(*lines: bytes) -> str:
    """What the agent of mx1 writes to stdout for these lines of Postfix, after a line about itself."""
    told = ['{"time": "2026-11-21T15:58:00.000Z", "level": "info", "logger": "orders", "message": "routing applied"}']
    clock = LogClock(wall=NOW.timestamp, steady=lambda: 100.0)
    Pipeline(clock=clock, fields={"pool": "marketing", "server": "mx1"}).feed(list(lines), emit=told.append)
    return "\n".join([*told, told[-1][:60], ""])


HANDED_OVER = delivery(service="handover/smtp", relay="127.0.0.1[127.0.0.1]:10027", queue_id="4gZq00000009")
UNTRIED = delivery(
    "bounced", "Name service error for name=shop.example", relay="none", to="bob@shop.example", dsn="5.4.4"
)


@pytest.mark.parametrize(
    ("lines", "provider", "expected"),
    [
        ((SENT, SENT), "google", Counts(delivered=1, responses=1, response_seconds=1.1)),
        ((DEFERRED, DEFERRED, SENT), "google", Counts(delivered=1, deferred=2, responses=3, response_seconds=3.3)),
        ((BOUNCED,), "google", Counts(bounced={"InvalidRecipient": 1}, responses=1, response_seconds=1.1)),
        ((REFUSED,), "yahoo", Counts(deferred=1)),
        ((SENT, HELD, SUSPENDED, HANDED_OVER), "google", Counts(delivered=1, responses=1, response_seconds=1.1)),
        ((SENT, delivery(service="lane-bounce/smtp", queue_id="4gZq00000008")), "google",
         Counts(delivered=1, responses=1, response_seconds=1.1)),
        ((UNTRIED,), "other", Counts(bounced={"DNSFailure": 1})),
        ((DEFERRED, expired()), "google", Counts(deferred=1, responses=1, response_seconds=1.1)),
    ],
    ids=["told again", "deferred", "bounced", "no connection", "not tried", "notification", "no host", "expired"],
)  # fmt: skip
def test_an_agents_log_is_a_recording(
    tmp_path: Path, lines: tuple[bytes, ...], provider: str, expected: Counts
) -> None:
    file = tmp_path / "day.log"
    file.write_text(agent_log(*lines))
    recorded = Recorded(rows(file), step=timedelta(seconds=15))
    (found,) = recorded.outcomes(timedelta(), {}).items()
    assert found[0] == ("mx1", provider)
    assert replace(found[1], response_seconds=round(found[1].response_seconds, 3)) == expected


def test_a_day_of_agents_logs_is_judged(tmp_path: Path) -> None:
    file = tmp_path / "day.log"
    spam = "host mx.google.com[142.250.1.26] said: 550 5.7.1 unsolicited mail"
    file.write_text(
        agent_log(
            *(delivery(queue_id=f"4gZq{number:08}") for number in range(80)),
            *(delivery("bounced", spam, queue_id=f"4gZr{number:08}", dsn="5.7.1") for number in range(20)),
        )
    )
    result = run("--recording", str(file))
    assert result.exit_code == 0
    assert "100 attempts, " in result.output


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no rows"),
        (CSV, "no rows"),
        ("time,server\n1,a\n", "line 2: provider is missing"),
        (CSV + "yesterday,a,yahoo,delivered,,1,\n", "line 2: time"),
        (CSV + "nan,a,yahoo,delivered,,1,\n", "out of range"),
        (CSV + "1,a,yahoo,lost,,1,\n", "is not delivered"),
        (CSV + "1,a,yahoo,bounced,,1,\n", "needs a class"),
        (CSV + "1,a,yahoo,delivered,,-1,\n", "count is -1"),
        (CSV + "1,a,yahoo,delivered,,1,inf\n", "response_seconds"),
        (CSV + "1,a,yahoo,delivered,,1,\n1e10,a,yahoo,delivered,,1,\n", "at most 40"),
        (LINE + "{", "line 2"),
        (LINE + "[]", "line 2: not an object"),
        ('{"event": "delivery", "time": 1, "status": "sent", "outcome": true}', "line 1: server is missing"),
    ],
)
def test_a_file_that_is_no_recording(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "day"
    file.write_text(text)
    result = run("--recording", str(file))
    assert result.exit_code == 2
    assert complaint in " ".join(result.output.replace("│", " ").split())
