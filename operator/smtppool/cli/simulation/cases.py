"""From the options of the command to a run with its figures."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from smtppool.api.outcomes import OTHER
from smtppool.cli.simulation.figures import Figure, compared, fault_figures, healthy_figures
from smtppool.cli.simulation.recording import Recorded, rows
from smtppool.cli.simulation.run import History, Setup, simulate
from smtppool.cli.simulation.sliding import LENGTHS, WITHOUT_BURST
from smtppool.cli.simulation.traffic import MIX, Generated, fault, healthy
from smtppool.policy.health.settings import Settings
from smtppool.policy.verdict import listed, quoted

FAULT_AT = timedelta(minutes=10)
FAULTY = "mx1"
SAMPLES = 240  # of a history, beside those with actions


class Kind(StrEnum):
    """Generated scenarios."""

    HEALTHY = "healthy"
    FAULT = "fault"


@dataclass(frozen=True, kw_only=True)
class Options:
    """What all runs share. `rate`: messages a second of the pool at full load; `bounces`: share 0..1."""

    settings: Settings
    rate: float = 30.0
    servers: int = 3
    bounces: float = 0.2
    provider: str | None = None  # of the fault; None: all
    step: timedelta
    burst: bool = True


class Result(NamedTuple):
    """A run that is over."""

    history: History
    duration: timedelta
    figures: list[Figure]


def run_healthy(options: Options, days: float, seed: int) -> Result:
    """Days without a fault."""
    scenario = healthy(days, seed)
    setup = _setup(options, scenario.duration)
    source = Generated(scenario, rate=options.rate, step=options.step, seed=seed)
    history = simulate(source, setup)
    return Result(history, scenario.duration, healthy_figures(history))


def run_fault(options: Options, duration: timedelta, seed: int) -> Result:
    """10 min of health, then one member is refused; the same again with fixed weights for comparison."""
    scenario = fault(FAULTY, share=options.bounces, provider=options.provider, fault_at=FAULT_AT, duration=duration)
    source, baseline = (Generated(scenario, rate=options.rate, step=options.step, seed=seed) for _ in range(2))
    history, fixed = compared(source, baseline, _setup(options, duration), scenario)
    enough = options.settings.min_samples
    found = fault_figures(history, fixed, scenario, provider=options.provider, enough=enough)
    return Result(history, duration, found)


def replay(options: Options, path: Path) -> Result:
    """What the policy would have done in a recorded day; RecordingError for a file that is none."""
    source = Recorded(rows(path), step=options.step)
    setup = _setup(options, source.duration, servers=source.servers, providers=source.providers)
    history = simulate(source, setup)
    told = f"{sum(history.sent.values())} attempts, {len(history.cuts)} cuts"
    if source.unknown:
        names = listed([quoted(name, limit=40) for name in source.unknown], most=5)
        told += f"; judged as {OTHER}, as the operator knows no such provider: {names}"
    return Result(history, source.duration, [Figure(told)])


def _setup(
    options: Options, duration: timedelta, *, servers: list[str] | None = None, providers: list[str] | None = None
) -> Setup:
    return Setup(
        servers=servers or [f"mx{number}" for number in range(1, options.servers + 1)],
        providers=providers or list(MIX),
        settings=options.settings,
        step=options.step,
        duration=duration,
        sample_every=max(1, duration // (SAMPLES * options.step)) * options.step,
        lengths=LENGTHS if options.burst else WITHOUT_BURST,
    )
