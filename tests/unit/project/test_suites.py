"""The suite runner calls nothing green that has not shown anything, or that took longer than it may."""

import re
import subprocess
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from hack import suites
from hack.suites import read
from hack.summary import Outcome, Run, summary


def report(directory: Path, *, tests: int, failures: int = 0, errors: int = 0, skipped: int = 0) -> Path:
    """A report in pytest's JUnit form."""
    path = directory / "report.xml"
    counts = f'tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}"'
    path.write_text(f"<testsuites><testsuite {counts}/></testsuites>")
    return path


@pytest.mark.parametrize(
    ("counts", "status", "result"),
    [
        ({"tests": 3}, 0, "ok"),
        ({"tests": 3, "failures": 1}, 1, "failed, exit status 1"),
        ({"tests": 3, "errors": 1}, 1, "failed, exit status 1"),
        ({"tests": 3}, 2, "failed, exit status 2"),
        ({"tests": 3, "skipped": 1}, 0, "tests were skipped"),
        ({"tests": 0}, 0, "nothing was tested"),
    ],
    ids=["green", "failure", "error", "crash", "skip", "empty"],
)
def test_verdict(tmp_path: Path, counts: dict[str, int], status: int, result: str) -> None:
    assert read("unit", report(tmp_path, **counts), status=status, seconds=1.0).result == result


def test_no_report_is_a_failure(tmp_path: Path) -> None:
    outcome = read("unit", tmp_path / "missing.xml", status=0, seconds=1.0)
    assert (outcome.failed, outcome.result) == (1, "no report, exit status 0")


GREEN = Outcome("unit", "ok", 5, 0, 0, 1.5)
RED = Outcome("core", "failed, exit status 1", 2, 1, 0, 2.0)


def test_summary_closes_like_pytest() -> None:
    assert summary(Run([GREEN, RED], {}, 3.5)).splitlines()[-1] == "===== 1 failed, 7 passed in 3.50s ====="
    assert summary(Run([Outcome("unit", "not run")], {}, 0.0)).splitlines()[-1] == "===== no tests ran in 0.00s ====="


def test_summary_has_what_no_suite_has() -> None:
    told = summary(Run([GREEN], {"setup": 1.0, "up": 70.0, "down": 9.0}, 82.0), limit=900).splitlines()
    assert [" ".join(line.split()) for line in told[3:]] == [
        "prepare 71.0 s setup 1.0 s, up 70.0 s",
        "down 9.0 s",
        "total 82.0 s 81.0 s of at most 900 s, without 1.0 s for what a machine is given once",
        "===== 5 passed in 82.00s =====",
    ]


@pytest.mark.parametrize(
    ("steps", "seconds", "green"),
    [
        ({}, 900, True),
        ({}, 901, False),
        ({"up": 80, "images": 50}, 901, False),
        ({"setup": 10, "programs": 20, "images": 50}, 930, True),
        ({"setup": 10, "programs": 20, "images": 50}, 931, False),
        ({"setup": 30, "programs": 600, "images": 200}, 1730, True),
        ({"setup": 30, "programs": 600, "images": 200}, 1731, False),
    ],
    ids=[
        "just",
        "over",
        "preparation counts",
        "looks do not",
        "over, without looks",
        "new machine",
        "over on a new one",
    ],
)
def test_a_run_over_its_limit_is_red(steps: dict[str, float], seconds: float, green: bool) -> None:
    run = Run([GREEN], steps, seconds)
    assert (run.green(900), "TOO LONG" in summary(run, limit=900)) == (green, not green)
    assert run.green(None)
    assert not run._replace(outcomes=[GREEN, RED]).green(None)


def test_a_run_is_timed_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command takes its place in this table: seconds, also of those that are no suite."""
    takes = {"setup": 1, "programs": 2, "up": 40, "images": 30, "down": 5, "pytest": 100}
    now = 0.0

    def command(arguments: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        nonlocal now
        what = "pytest" if "pytest" in arguments else arguments[-1]
        now += takes[what]
        if what == "pytest":
            report(tmp_path, tests=3).rename(tmp_path / "core.xml")
        return subprocess.CompletedProcess(arguments, 0)

    monkeypatch.setattr(suites, "REPORTS", tmp_path)
    monkeypatch.setattr(suites, "subprocess", SimpleNamespace(run=command, DEVNULL=subprocess.DEVNULL))
    monkeypatch.setattr(suites, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(suites, "under_test", lambda _: nullcontext())
    run = suites.run_all({"core": suites.SUITES["core"]}, extra=[], keep=False)
    assert [outcome.result for outcome in run.outcomes] == ["ok"]
    assert run.steps == {name: seconds for name, seconds in takes.items() if name != "pytest"}
    assert (run.outcomes[0].seconds, run.seconds, run.counted) == (100, 178, 175)


def test_make_states_the_limits() -> None:
    text = (Path(__file__).resolve().parents[3] / "Makefile").read_text()
    recipes = dict(re.findall(r"^(\w+):.*\n\t@\$\(SUITES\) (.*)", text, re.MULTILINE))
    assert {rule: limit for rule, recipe in recipes.items() for limit in re.findall(r"--minutes=(\d+)", recipe)} == {
        "test": "15",
        "e2e": "60",
    }
