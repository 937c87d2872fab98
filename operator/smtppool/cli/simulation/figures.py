"""The figures that a run is judged by, each with its limit."""

from dataclasses import replace
from datetime import timedelta
from typing import Final, NamedTuple

from smtppool.api.outcomes import OTHER
from smtppool.cli.simulation.run import Happened, History, Setup, simulate
from smtppool.cli.simulation.show import clock
from smtppool.cli.simulation.traffic import Generated, Scenario

REACTION_LIMIT: Final = timedelta(seconds=15)  # from enough samples after the fault to out of traffic
COMPARED: Final = timedelta(minutes=5)  # from the fault on
LESS_MAIL: Final = 10  # times fewer messages through the member than with fixed weights


class Figure(NamedTuple):
    """One line of the result. `met` None: there is no limit."""

    text: str
    met: bool | None = None

    def __str__(self) -> str:
        return self.text if self.met is None else f"{self.text}: {'met' if self.met else 'MISSED'}"


def healthy_figures(history: History) -> list[Figure]:
    """Every cut is false where nothing is wrong."""
    return [Figure(f"{sum(history.sent.values())} attempts"), _false(history.cuts)]


def fault_figures(
    history: History, fixed: History, scenario: Scenario, *, provider: str | None, enough: int
) -> list[Figure]:
    """Reaction, mail spared, and cuts of members that had no fault. `enough`: samples that allow a judgement."""
    name, fault_at = scenario.faulty or "", scenario.fault_at or timedelta()
    # At OTHER nobody is excluded: what happens there counts in the relay's sum, so it may be cut, and need not be.
    subject = (name, None if provider == OTHER else provider)
    subjects = [found for found in history.cuts if found.what.subject == subject and found.at > fault_at]
    false = [found for found in history.cuts if found.what.subject.server != name or found.at <= fault_at]
    judged_at = next((at for at, count in history.judged.get(name, []) if count >= enough), None)
    reaction = _reaction(subjects[0].at if subjects else None, fault_at, judged_at, name)
    figures = [reaction._replace(met=None) if provider == OTHER else reaction]
    if provider is None:
        with_policy, without = history.sent.get(name, 0), fixed.sent.get(name, 0)
        spared = without / with_policy if with_policy else float("inf")
        told = (
            f"attempts through {name} in {COMPARED.seconds // 60} min from the fault: {with_policy}, with fixed weights"
        )
        figures.append(
            Figure(f"{told} {without}: {spared:.1f} times fewer, limit {LESS_MAIL}", met=spared >= LESS_MAIL)
        )
    return [*figures, _false(false)]


def compared(source: Generated, baseline: Generated, setup: Setup, scenario: Scenario) -> tuple[History, History]:
    """The run, and the first minutes of it again with weights that nothing changes (mode Observe)."""
    fault_at = scenario.fault_at or timedelta()
    counted = replace(setup, count_from=fault_at, count_until=fault_at + COMPARED)
    fixed = replace(
        counted, settings=replace(setup.settings, observe=True), duration=min(setup.duration, fault_at + COMPARED)
    )
    return simulate(source, counted), simulate(baseline, fixed)


def _reaction(out_at: timedelta | None, fault_at: timedelta, judged_at: timedelta | None, name: str) -> Figure:
    if out_at is None:
        return Figure(f"{name} stayed in traffic after the fault", met=False)
    since_fault = out_at - fault_at
    if judged_at is None or out_at < judged_at:
        return Figure(f"{name} out of traffic {since_fault.total_seconds():g} s after the fault", met=True)
    since_enough = out_at - judged_at
    told = f"{name} out of traffic {since_fault.total_seconds():g} s after the fault, "
    told += f"{since_enough.total_seconds():g} s after enough samples, limit {REACTION_LIMIT.seconds} s"
    return Figure(told, met=since_enough <= REACTION_LIMIT)


def _false(cuts: list[Happened]) -> Figure:
    """Names the first, which a run with this seed shows again."""
    first = f" (first at {clock(cuts[0].at)}: {cuts[0].what.subject}, {cuts[0].what.message})" if cuts else ""
    return Figure(f"false cuts {len(cuts)}{first}, limit 0", met=not cuts)
