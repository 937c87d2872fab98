"""The simulator: its figures, its options, its output."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from smtppool.api.pool_health import Health
from smtppool.api.smtppool import Availability, Mode
from smtppool.cli.main import app
from smtppool.cli.simulation.cases import Options, run_fault, run_healthy
from smtppool.cli.simulation.sliding import LENGTHS, Sliding
from smtppool.cli.simulation.traffic import MIX
from smtppool.policy.health.counters import Counts, total
from smtppool.policy.health.reported import judged_as
from smtppool.policy.health.settings import Settings
from tests.unit.cli.simulator import run

SETTINGS = Settings.of(Health(), Availability(), Mode.ENFORCE)


def options(step: int, **fields: str) -> Options:
    return Options(settings=SETTINGS, step=timedelta(seconds=step), **fields)  # type: ignore[arg-type]


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


def test_what_no_profile_names_is_never_excluded() -> None:
    arguments = ("--scenario", "fault", "--minutes", "15", "--provider", "other", "--step", "3")
    slight, severe = run(*arguments), run(*arguments, "--bounces", "60")
    assert "no actions" in slight.output
    assert "mx1 stayed in traffic after the fault\n" in slight.output
    assert "Cordon" in severe.output
    assert (slight.exit_code, severe.exit_code) == (0, 0)
    assert "ExcludeProvider" not in severe.output


def test_generated_mail_goes_where_reports_can_say_that_it_went() -> None:
    assert {name: judged_as(name) for name in MIX} == {name: name for name in MIX}


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


def test_the_plot_in_the_docs_is_what_its_command_writes(tmp_path: Path) -> None:
    docs, plot = Path(__file__).resolve().parents[3] / "docs", tmp_path / "plot.svg"
    page = (docs / "health.md").read_text()
    (command,) = re.findall(r"^\$ smtppool (simulate health .*) --svg docs/health-fault\.svg$", page, re.MULTILINE)
    assert CliRunner().invoke(app, [*command.split(), "--svg", str(plot)]).exit_code == 0
    assert plot.read_text() == (docs / "health-fault.svg").read_text()


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
