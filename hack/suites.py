"""Runs test suites one after another and closes with one summary.

Each suite names what it needs (system packages, programs, a cluster); that is prepared once, and the cluster is taken
down at the end. The first red suite ends the run. A skipped test counts as red: a missing tool must be said loudly.
A run that takes longer than its limit is red as well, preparation and end included.
"""

import argparse
import os
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree as ET

from e2e.cluster.interrupted import under_test
from e2e.cluster.settings import from_environment
from hack.summary import DOWN, Outcome, Run, summary

REPORTS: Final = Path("build/reports")
MACHINE: Final = ("setup", "programs")
CLUSTER: Final = (*MACHINE, "up", "images")


class Suite(NamedTuple):
    """What to run, what must be there first (verbs of `e2e.cluster`), and its limits in seconds."""

    paths: tuple[str, ...]
    needs: tuple[str, ...]
    per_test: int
    whole: int
    workers: int = 0  # processes side by side


SUITES: Final = {
    "unit": Suite(("tests/unit",), (), per_test=30, whole=180, workers=2),
    "golden": Suite(("tests/golden",), (*MACHINE, "images"), per_test=60, whole=180),
    "chart": Suite(("tests/chart",), MACHINE, per_test=60, whole=180),
    # More processes than cores: each has its own control plane, and mostly waits for it.
    "contract": Suite(("tests/contract",), MACHINE, per_test=120, whole=900, workers=3),
    "core": Suite(("e2e/core",), CLUSTER, per_test=300, whole=900),
    "docker": Suite(("e2e/cluster",), MACHINE, per_test=600, whole=900),
    "full": Suite(("e2e/full",), CLUSTER, per_test=900, whole=3600),
}
# On a cluster of the user's (CLUSTER=current) one suite may run: what of both end-to-end suites needs no node of ours.
ELSEWHERE: Final = {"unit": SUITES["unit"], "full": SUITES["full"]._replace(paths=("e2e/core", "e2e/full"))}


def cluster(verb: str, *arguments: str) -> list[str]:
    """Command line of one verb of the test cluster."""
    return [sys.executable, "-m", "e2e.cluster", verb, *arguments]


def prepare(suite: Suite, *, done: dict[str, float]) -> str:
    """Runs the verbs that no earlier suite has run; returns the one that failed, or an empty text."""
    for verb in suite.needs:
        if verb not in done and not step(verb, done=done):
            return verb
    return ""


def step(verb: str, *, done: dict[str, float]) -> bool:
    """Runs one verb and notes its seconds; whether it succeeded."""
    print(f"\n==> {verb}", flush=True)
    started = time.monotonic()
    status = subprocess.run(cluster(verb), stdin=subprocess.DEVNULL, check=False).returncode
    done[verb] = time.monotonic() - started
    return status == 0


def run(name: str, suite: Suite, *, extra: list[str]) -> Outcome:
    """Runs pytest over one suite, on the cluster's network if it needs the cluster, and reads its report."""
    report = REPORTS / f"{name}.xml"
    report.unlink(missing_ok=True)
    limits = [f"--timeout={suite.per_test}", f"--session-timeout={suite.whole}"]
    if suite.workers:
        limits += [f"--numprocesses={suite.workers}", "--dist=loadgroup"]
    command = [sys.executable, "-m", "pytest", *suite.paths, *limits, f"--junitxml={report}", *extra]
    if "up" in suite.needs:
        command = cluster("exec", "--", *command)
    print(f"\n==> {name}: {' '.join(suite.paths)}", flush=True)
    started = time.monotonic()
    with under_test(from_environment()) if "up" in suite.needs else nullcontext():
        status = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
    return read(name, report, status=status, seconds=time.monotonic() - started)


def read(name: str, report: Path, *, status: int, seconds: float) -> Outcome:
    """The outcome that pytest wrote down; without a report nothing has passed."""
    if not report.is_file():
        return Outcome(name, f"no report, exit status {status}", failed=1, seconds=seconds)
    totals = ET.parse(report).getroot().iter("testsuite")  # noqa: S314 - written by our own pytest
    tests = failed = skipped = 0
    for total in totals:
        tests += int(total.get("tests", 0))
        failed += int(total.get("failures", 0)) + int(total.get("errors", 0))
        skipped += int(total.get("skipped", 0))
    outcome = Outcome(name, "ok", max(0, tests - failed - skipped), failed, skipped, seconds)
    return outcome._replace(result=verdict(outcome, status=status))


def verdict(outcome: Outcome, *, status: int) -> str:
    """`ok`, or the first thing that is wrong with a finished suite."""
    if status or outcome.failed:
        return f"failed, exit status {status}"
    if outcome.skipped:
        return "tests were skipped"
    return "ok" if outcome.passed else "nothing was tested"


def chosen(names: list[str], *, cluster: str) -> dict[str, Suite]:
    """The suites of these names, as they run on this cluster (the variable CLUSTER); ValueError if one may not."""
    suites = ELSEWHERE if cluster == "current" else SUITES
    if refused := [name for name in names if name not in suites]:
        raise ValueError(
            f"CLUSTER=current is for `make e2e` alone, which runs there what needs no node of ours: "
            f"unset CLUSTER to run {', '.join(refused)}"
        )
    return {name: suites[name] for name in names}


def run_all(suites: dict[str, Suite], *, extra: list[str], keep: bool) -> Run:
    """One outcome per suite, in order; suites after a red one are `not run`."""
    started = time.monotonic()
    REPORTS.mkdir(parents=True, exist_ok=True)
    done: dict[str, float] = {}
    outcomes: list[Outcome] = []
    try:
        for name, suite in suites.items():
            if outcomes and outcomes[-1].result != "ok":
                outcomes.append(Outcome(name, "not run"))
            elif broken := prepare(suite, done=done):
                outcomes.append(Outcome(name, f"could not start: {broken} failed", failed=1))
            else:
                outcomes.append(run(name, suite, extra=extra))
    finally:
        if "up" in done and not keep:
            step(DOWN, done=done)
    return Run(outcomes, done, time.monotonic() - started)


def main() -> int:
    """Exit status 0 only if every suite is `ok`, within the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suite", nargs="+", choices=SUITES)
    parser.add_argument("--keep", action="store_true", help="leave the cluster up")
    parser.add_argument("--minutes", type=float, help="the run is red if it takes longer")
    parser.add_argument("--pytest", default="", metavar="ARGS", help="further arguments for pytest, in one string")
    arguments = parser.parse_args()
    try:
        suites = chosen(arguments.suite, cluster=os.environ.get("CLUSTER", ""))
    except ValueError as error:
        parser.error(str(error))
    limit = arguments.minutes * 60 if arguments.minutes else None
    finished = run_all(suites, extra=arguments.pytest.split(), keep=arguments.keep)
    print(summary(finished, limit=limit), flush=True)
    return int(not finished.green(limit))


if __name__ == "__main__":
    sys.exit(main())
