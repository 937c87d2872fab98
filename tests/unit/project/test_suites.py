"""The suite runner calls nothing green that has not shown anything."""

from pathlib import Path

import pytest

from hack.suites import Outcome, read, summary


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


def test_summary_closes_like_pytest() -> None:
    outcomes = [Outcome("unit", "ok", 5, 0, 0, 1.5), Outcome("core", "failed, exit status 1", 2, 1, 0, 2.0)]
    assert summary(outcomes).splitlines()[-1] == "===== 1 failed, 7 passed in 3.50s ====="
    assert summary([Outcome("unit", "not run")]).splitlines()[-1] == "===== no tests ran in 0.00s ====="
