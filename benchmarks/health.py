"""False cuts in 24 simulated healthy days: none. Needs no cluster.

The simulator of `smtppool simulate health` with a pool of the defaults: the operator's own decision, fed with outcomes
that have realistic noise. Each seed is half of the days and a process of its own, so two cores share them.
"""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from typing import Final, NamedTuple

from smtppool.api.pool_health import Health
from smtppool.api.smtppool import Availability, Mode
from smtppool.cli.simulation.cases import Options, run_healthy
from smtppool.policy.health.settings import Settings

DAYS: Final = 24.0
SEEDS: Final = (1, 2)
STEP: Final = timedelta(seconds=3)  # between decisions; each second would take three times as long


class Run(NamedTuple):
    """One seed: what was counted, and the seconds of one core."""

    seed: int
    attempts: int
    decisions: int
    false: list[str]
    processor: float


def main(days: float = DAYS) -> bool:
    """The bar is 0 false cuts in all runs together."""
    each = days / len(SEEDS)
    print(f"seeds {SEEDS}, {each:g} healthy days each, a decision every {STEP.total_seconds():g} s", flush=True)
    with ProcessPoolExecutor(max_workers=len(SEEDS)) as processes:
        runs = list(processes.map(simulated, SEEDS, [each] * len(SEEDS)))
    for run in runs:
        print(
            f"seed {run.seed}: {run.attempts} attempts, {run.decisions} decisions, false cuts {len(run.false)}"
            f" {run.false[:5]}, {run.processor:.0f} s of one core"
        )
    false, attempts = sum(len(run.false) for run in runs), sum(run.attempts for run in runs)
    print(f"{days:g} healthy days, {attempts} attempts: false cuts {false}, bar 0")
    return false == 0


def simulated(seed: int, days: float) -> Run:
    """Healthy days with this seed."""
    settings = Settings.of(Health(), Availability(), Mode.ENFORCE)
    began = time.process_time()
    found = run_healthy(Options(settings=settings, step=STEP), days, seed)
    return Run(
        seed=seed,
        attempts=sum(found.history.sent.values()),
        decisions=-(-found.duration // STEP),
        false=[f"{cut.at}: {cut.what.subject}, {cut.what.message}" for cut in found.history.cuts],
        processor=time.process_time() - began,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.health", description=__doc__)
    parser.add_argument("--days", type=float, default=DAYS, help="default: %(default)g, in all")
    sys.exit(0 if main(parser.parse_args().days) else 1)
