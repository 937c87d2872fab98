"""The simulator: its figures, its input, its output."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner, Result

from smtppool.agent.logclock import LogClock
from smtppool.agent.pipeline import Pipeline
from smtppool.api.pool_health import Health
from smtppool.api.smtppool import Availability, Mode
from smtppool.cli.main import app
from smtppool.cli.simulation.cases import Options, run_fault, run_healthy
from smtppool.cli.simulation.recording import Recorded, rows
from smtppool.cli.simulation.sliding import LENGTHS, Sliding
from smtppool.policy.health.counters import Counts, total
from smtppool.policy.health.settings import Settings
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

SETTINGS = Settings.of(Health(), Availability(), Mode.ENFORCE)


def options(step: int, **fields: str) -> Options:
    return Options(settings=SETTINGS, step=timedelta(seconds=step), **fields)  # type: ignore[arg-type]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["simulate", "health", *arguments])


@pytest.mark.parametrize("seed", [1, 2])
def test_a_member_with_20_percent_5xx_is_out_within_15_s_of_enough_samples(seed: int) -> None:
    found = run_fault(options(1), timedelta(minutes=15), seed)
    assert [figure.text for figure in found.figures if figure.met is False] == []
    assert len([figure for figure in found.figures if figure.met]) == 3
    assert found.history.cuts[0].what.subject == ("mx1", None)


def test_a_fault_at_one_provider_costs_that_provider_only() -> None:
    found = run_fault(options(3, provider="yahoo"), timedelta(minutes=12), seed=1)
    assert [event.what.subject for event in found.history.cuts] == [("mx1", "yahoo")]
    assert all(sample.members["mx1"][2] == 1 for sample in found.history.samples)


@pytest.mark.parametrize("seed", [4, 12])  # with a list purge before noon
def test_no_false_cuts_on_healthy_days(seed: int) -> None:
    found = run_healthy(options(15), 0.5, seed)
    assert [event.what.message for event in found.history.cuts] == []
    assert sum(found.history.sent.values()) > 500_000


def test_a_missed_figure_is_an_exit_status() -> None:
    result = run("--scenario", "fault", "--minutes", "11", "--bounces", "1", "--step", "5")
    assert result.exit_code == 1
    assert "mx1 stayed in traffic after the fault: MISSED" in result.output


def test_the_same_seed_gives_the_same_run() -> None:
    arguments = ("--days", "0.05", "--seed", "7")
    assert run(*arguments).output == run(*arguments).output
    assert run(*arguments).output != run("--days", "0.05", "--seed", "8").output


def test_sliding_windows_hold_what_is_young_enough() -> None:
    sliding, steps = Sliding(timedelta(seconds=5)), [Counts(delivered=n, bounced={"SpamBlock": n}) for n in range(900)]
    for counts in steps:
        sliding.push(counts)
    expected = [total(steps[-(length // timedelta(seconds=5)) :]).judged for length in LENGTHS]
    assert [window.counts.judged for window in sliding.windows()] == expected


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


def test_the_plot_in_the_docs_is_what_its_command_writes(tmp_path: Path) -> None:
    docs, plot = Path(__file__).resolve().parents[3] / "docs", tmp_path / "plot.svg"
    page = (docs / "health.md").read_text()
    (command,) = re.findall(r"^\$ smtppool (simulate health .*) --svg docs/health-fault\.svg$", page, re.MULTILINE)
    assert CliRunner().invoke(app, [*command.split(), "--svg", str(plot)]).exit_code == 0
    assert plot.read_text() == (docs / "health-fault.svg").read_text()


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


def test_the_pool_of_a_file_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "pool.yaml"
    spec = 'spec: {egressCheck: {mode: "Off"}, health: {maxBounceRate: "30%", removeBelow: 0}}'
    file.write_text(f"kind: SmtpPool\n{spec}\n")
    assert "mx1 stayed in traffic" in run("--scenario", "fault", "--minutes", "12", "--pool", str(file)).output
    file.write_text(f"kind: SmtpPool\n{spec.replace('removeBelow: 0', 'removeBelow: 90')}\n")
    assert run("--pool", str(file)).exit_code == 2


@pytest.mark.parametrize("arguments", [("--step", "7"), ("--provider", "nobody"), ("--pool", "/nonexistent")])
def test_refused_options(arguments: tuple[str, str]) -> None:
    assert run(*arguments).exit_code == 2
