"""`smtppool simulate`: what a policy would do, without a cluster."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
import yaml
from pydantic import ValidationError
from rich.console import Console

from smtppool.api.pool_health import Health
from smtppool.api.smtppool import Availability, Mode, SmtpPoolSpec
from smtppool.cli.simulation.cases import Kind, Options, Result, replay, run_fault, run_healthy
from smtppool.cli.simulation.plot import svg
from smtppool.cli.simulation.recording import RecordingError
from smtppool.cli.simulation.show import print_history
from smtppool.cli.simulation.traffic import MIX
from smtppool.policy.health.settings import Settings

app = typer.Typer(no_args_is_help=True, help="What a policy would do, without a cluster.")

Scenario = Annotated[Kind, typer.Option(help="healthy: days with noise and list purges; fault: 5xx from 10 min on.")]
Days = Annotated[float, typer.Option(min=0.01, max=40, help="Length of healthy.")]
Minutes = Annotated[float, typer.Option(min=11, max=2880, help="Length of fault.")]
Rate = Annotated[float, typer.Option(min=0.01, max=10_000, help="Messages a second of the pool at full load.")]
Servers = Annotated[int, typer.Option(min=1, max=200, help="Members.")]
Bounces = Annotated[float, typer.Option(min=0, max=100, help="fault: percent of 5xx.")]
Provider = Annotated[str | None, typer.Option(help=f"fault: at one of {', '.join(MIX)} only.")]
Seeds = Annotated[list[int] | None, typer.Option(help="Of the noise; given several times: figures only.")]
Step = Annotated[int | None, typer.Option(help="Seconds between decisions: 1, 3, 5 or 15; default: 15, fault 1.")]
Burst = Annotated[bool, typer.Option(help="Also a window of 15 s.")]
Recording = Annotated[
    Path | None, typer.Option(help="CSV, JSON lines or agents' logs instead of a scenario; docs/health.md.")
]
Pool = Annotated[Path | None, typer.Option(help="YAML of an SmtpPool; default: the defaults of its kind.")]
Svg = Annotated[Path | None, typer.Option("--svg", help="Write a plot.")]


@app.callback()
def simulations() -> None:
    """What a policy would do, without a cluster."""


@app.command("health")
def simulate_health(
    *,
    scenario: Scenario = Kind.HEALTHY, days: Days = 1.0, minutes: Minutes = 60.0, rate: Rate = 30.0,
    servers: Servers = 3, bounces: Bounces = 20.0, provider: Provider = None, seed: Seeds = None, step: Step = None,
    burst: Burst = True, recording: Recording = None, pool: Pool = None, plot: Svg = None,
) -> None:  # fmt: skip
    """Score and actions over time; exit status 1 if a figure misses its limit, 2 for input that cannot be used."""
    if provider not in {None, *MIX}:
        raise typer.BadParameter(f"one of {', '.join(MIX)}", param_hint="--provider")
    seconds = step or (1 if scenario is Kind.FAULT and recording is None else 15)
    if seconds not in {1, 3, 5, 15}:
        raise typer.BadParameter("1, 3, 5 or 15", param_hint="--step")
    options = Options(
        settings=_settings(pool), rate=rate, servers=servers, bounces=bounces / 100, provider=provider,
        step=timedelta(seconds=seconds), burst=burst,
    )  # fmt: skip
    seeds = seed or [1]
    missed = False
    for number in seeds:
        if recording is not None:
            result = _replayed(options, recording)
        elif scenario is Kind.HEALTHY:
            result = run_healthy(options, days, number)
        else:
            result = run_fault(options, timedelta(minutes=minutes), number)
        _show(result, None if recording else number, table=len(seeds) == 1)
        missed = missed or any(figure.met is False for figure in result.figures)
    if plot is not None:
        plot.write_text(svg(result.history, options.settings, result.duration), encoding="utf-8")
    if missed:
        raise typer.Exit(1)


def _show(result: Result, seed: int | None, *, table: bool) -> None:
    console = Console()
    console = console if console.is_terminal else Console(width=240)
    if table:
        print_history(console, result.history)
        typer.echo("")
    for figure in result.figures:
        typer.echo(f"{f'seed {seed}: ' if seed is not None else ''}{figure}")


def _replayed(options: Options, path: Path) -> Result:
    try:
        return replay(options, path)
    except RecordingError as error:
        raise typer.BadParameter(str(error), param_hint="--recording") from error


def _settings(path: Path | None) -> Settings:
    if path is None:
        return Settings.of(Health(), Availability(), Mode.ENFORCE)
    try:
        specs = list(_specs(path))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise typer.BadParameter(str(error), param_hint="--pool") from error
    if len(specs) != 1:
        raise typer.BadParameter(f"{len(specs)} SmtpPools in the file, 1 is needed", param_hint="--pool")
    return Settings.of(specs[0].health, specs[0].availability, specs[0].mode)


def _specs(path: Path) -> Iterator[SmtpPoolSpec]:
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        if isinstance(document, dict) and document.get("kind") == "SmtpPool":
            yield SmtpPoolSpec.model_validate(document.get("spec"))
