"""What a run of suites came to: the table, the whole time, and whether that is within the run's limit."""

from collections.abc import Mapping
from typing import Final, NamedTuple

DOWN: Final = "down"
# What a machine is given once does not count. It was not there before if that takes longer than a look at it; then the
# caches of the images are empty as well.
ONCE: Final = ("setup", "programs")
ONCE_ON_A_NEW_MACHINE: Final = (*ONCE, "images")
LOOK: Final = 60.0  # seconds


class Outcome(NamedTuple):
    """What came of one suite; `result` is `ok`, `not run`, or what was wrong."""

    name: str
    result: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0


class Run(NamedTuple):
    """`steps`: seconds of each verb of `e2e.cluster` that ran. `seconds`: of everything, from first to last."""

    outcomes: list[Outcome]
    steps: Mapping[str, float]
    seconds: float

    @property
    def counted(self) -> float:
        """Seconds to which the limit applies."""
        new = sum(self.steps.get(step, 0.0) for step in ONCE) > LOOK
        return self.seconds - sum(self.steps.get(step, 0.0) for step in (ONCE_ON_A_NEW_MACHINE if new else ONCE))

    def within(self, limit: float | None) -> bool:
        """No longer than `limit` seconds; None: no limit."""
        return limit is None or self.counted <= limit

    def green(self, limit: float | None) -> bool:
        """Every suite is ok, in time."""
        return all(outcome.result == "ok" for outcome in self.outcomes) and self.within(limit)


def summary(run: Run, *, limit: float | None = None) -> str:
    """A table of all that took time, what the limit says, and a closing line in pytest's own form."""
    rows = [f"{'suite':<10}{'passed':>8}{'failed':>8}{'skipped':>9}{'time':>10}  result"]
    rows += [
        f"{o.name:<10}{o.passed:>8}{o.failed:>8}{o.skipped:>9}{o.seconds:>8.1f} s  {o.result}" for o in run.outcomes
    ]
    steps = [(step, seconds) for step, seconds in run.steps.items() if step != DOWN]
    told = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in steps)
    rows += [_row("prepare", sum(seconds for _, seconds in steps), told)] if steps else []
    rows += [_row(DOWN, run.steps[DOWN], "")] if DOWN in run.steps else []
    rows += [_row("total", run.seconds, _verdict(run, limit))]
    passed, failed, skipped = (sum(column) for column in zip(*(o[2:5] for o in run.outcomes), strict=True))
    counts = [(failed, "failed"), (passed, "passed"), (skipped, "skipped")]
    closing = ", ".join(f"{count} {word}" for count, word in counts if count) or "no tests ran"
    return "\n".join(["", *rows, f"===== {closing} in {run.seconds:.2f}s ====="])


def _row(name: str, seconds: float, told: str) -> str:
    return f"{name:<10}{'':>25}{seconds:>8.1f} s  {told}".rstrip()


def _verdict(run: Run, limit: float | None) -> str:
    if limit is None:
        return ""
    once = run.seconds - run.counted
    told = f"{run.counted:.1f} s of at most {limit:.0f} s, without {once:.1f} s for what a machine is given once"
    return told if run.within(limit) else f"TOO LONG, exit status 1: {told}"
