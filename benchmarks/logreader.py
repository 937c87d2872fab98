"""The agent's log reader against mtail with its own Postfix program: lines a second on one core, and the same counts.

Both read the same generated file from its beginning to its end, in turn, pinned to one processor; the times are those
of the whole process, its start included. The reader runs as the agent runs it, once without events and once with all
events written to a file. Each metric that both have must have counted something. Needs no cluster.

The agent counts some lines that mtail does not know, by intent, and the file has none of them: the reject of a milter,
a TLS session with SNI, a message id without brackets, a connection that was lost after `DATA (123 bytes)`.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from benchmarks import maillogs, mtail
from smtppool.agent.facts import Board
from smtppool.agent.logcounts import STAGES, Distribution, LogCounts, Tally
from smtppool.agent.logreader import LogReader
from smtppool.agent.settings import Paths, Settings
from smtppool.api import names

LINES: Final = 1_000_000
SEED: Final = 20261121
ROUNDS: Final = 3
LINES_PER_SECOND: Final = 100_000
RATIO: Final = 2.0
TIMEOUT: Final = 600
COMMON: Final = (
    "postfix_cleanup_messages_processed_total",
    "postfix_cleanup_messages_rejected_total",
    "postfix_qmgr_messages_inserted_recipients count",
    "postfix_qmgr_messages_inserted_recipients sum",
    "postfix_qmgr_messages_inserted_size_bytes count",
    "postfix_qmgr_messages_inserted_size_bytes sum",
    "postfix_qmgr_messages_removed_total",
    "postfix_smtp_delivery_delay_seconds count",
    "postfix_smtp_delivery_delay_seconds sum",
    "postfix_smtp_tls_connections_total",
    "postfix_smtpd_connections_lost_total",
    "postfix_smtpd_connects_total",
    "postfix_smtpd_disconnects_total",
    "postfix_smtpd_messages_processed_total",
    "postfix_smtpd_messages_rejected_total",
    "postfix_smtpd_tls_connections_total",
)
QUIET, EVENTS, MTAIL = "reader, no events", "reader, events written", "mtail"


class Run(NamedTuple):
    """One process: seconds, and what it counted."""

    user: float
    system: float
    wall: float
    counts: dict[str, float]

    @property
    def processor(self) -> float:
        """Seconds of one core."""
        return self.user + self.system


def main() -> bool:
    """Three rounds of all three; the bars are for the medians of processor time, with events written."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        log = root / names.MAILLOG.lstrip("/")
        log.parent.mkdir(parents=True)
        maillogs.write(log, lines=LINES, seed=SEED, end=time.time())
        print(f"{LINES} lines, {log.stat().st_size / 2**20:.0f} MiB, seed {SEED}, {ROUNDS} rounds in turn")
        own = [sys.executable, "-m", "benchmarks.logreader", str(root)]
        commands = {QUIET: own, EVENTS: [*own, "--events"], MTAIL: mtail.command(log, directory=root)}
        runs: dict[str, list[Run]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                runs[name].append(measured(command, parse=mtail.counts if name == MTAIL else json.loads))
    for name, several in runs.items():
        print(f"{name}: {', '.join(_figures(one) for one in several)}")
    return _bars(runs)


def measured(command: Sequence[str], *, parse: Callable[[str], dict[str, float]]) -> Run:
    """Run a command on one processor; its processor time is that of the process alone."""
    processor = max(os.sched_getaffinity(0))
    taskset = shutil.which("taskset")
    if taskset is None:
        raise FileNotFoundError("taskset is missing; it is in the package util-linux")
    before, start = os.times(), time.monotonic()
    done = subprocess.run(
        [taskset, "--cpu-list", str(processor), *command], capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    wall, after = time.monotonic() - start, os.times()
    if done.returncode:
        raise RuntimeError(f"{command}: exit status {done.returncode}: {done.stderr[-2000:]}")
    user, system = after.children_user - before.children_user, after.children_system - before.children_system
    return Run(user, system, wall, parse(done.stdout))


def _figures(run: Run) -> str:
    parts = f"user {run.user:.2f} s, system {run.system:.2f} s, wall {run.wall:.2f} s"
    return f"{LINES / run.processor:,.0f} lines/s ({parts})"


def _bars(runs: Mapping[str, Sequence[Run]]) -> bool:
    seconds = {name: median(run.processor for run in several) for name, several in runs.items()}
    for name in (QUIET, EVENTS):
        times = seconds[MTAIL] / seconds[name]
        print(f"{name}: {LINES / seconds[name]:,.0f} lines/s on one core, {times:.2f} times mtail")
    ours, theirs = runs[EVENTS][0].counts, runs[MTAIL][0].counts
    different = {name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)}
    print(f"counts that both have: {len(ours.keys() | theirs.keys())}, different: {len(different)}")
    for name in sorted(different):
        print(f"  {name}: {ours.get(name)}, mtail {theirs.get(name)}")
    for name in (idle := never_counted(ours)):
        print(f"  {name}: nothing to count in the file")
    fast = LINES / seconds[EVENTS] >= LINES_PER_SECOND
    return fast and seconds[MTAIL] / seconds[EVENTS] >= RATIO and not different and not idle


def read(root: Path, *, events: bool) -> dict[str, float]:
    """Read the log below `root` to its end, as the agent does; what mtail counts as well."""
    (root / names.STATE_DIR.lstrip("/")).mkdir(parents=True, exist_ok=True)
    settings = Settings("demo", "pool", "server", "mx1.example.com", 9154, "uid", "10.0.0.1", Paths(root=root))
    if not events:
        return common(_without_events(settings))
    with (root / "events").open("w", encoding="utf-8") as out:
        reader = LogReader(settings=settings, board=Board(), out=out)
        with closing(reader.tail):
            reader.tail.begin_at(None)
            while not reader.turn():
                pass
    return common(reader.pipeline.counts)


def _without_events(settings: Settings) -> LogCounts:
    reader = LogReader(settings=settings, board=Board())
    with closing(reader.tail):
        while not (chunk := reader.tail.read()).at_end:
            reader.pipeline.feed(chunk.lines)
            reader.pipeline.ledger.windows.shown()
    return reader.pipeline.counts


def never_counted(found: Mapping[str, float]) -> list[str]:
    """Metrics of COMMON that are 0 throughout; also a histogram whose number or sum is."""
    nonzero = {name.partition("{")[0] + name.partition("}")[2] for name, value in found.items() if value}
    return sorted(set(COMMON) - nonzero)


def common(counts: LogCounts) -> dict[str, float]:
    """By mtail's names, without what is 0. A SASL method stands for its one user (`maillogs.SASL_USERS`)."""
    found: dict[str, float] = {
        "postfix_cleanup_messages_processed_total{}": counts.cleanup_processed,
        "postfix_cleanup_messages_rejected_total{}": counts.cleanup_rejected,
        "postfix_qmgr_messages_removed_total{}": counts.removed,
        "postfix_smtpd_connects_total{}": counts.connects,
        "postfix_smtpd_disconnects_total{}": counts.disconnects,
        **_distribution("postfix_qmgr_messages_inserted_recipients{}", counts.queued_recipients),
        **_distribution("postfix_qmgr_messages_inserted_size_bytes{}", counts.queued_bytes),
    }
    for stage, delays in zip(STAGES, counts.delays, strict=True):
        found |= _distribution(f"postfix_smtp_delivery_delay_seconds{{{stage}}}", delays)
    for name, tally in (
        ("postfix_smtp_tls_connections_total", counts.smtp_tls),
        ("postfix_smtpd_connections_lost_total", counts.lost),
        ("postfix_smtpd_messages_processed_total", _by_user(counts.accepted)),
        ("postfix_smtpd_messages_rejected_total", counts.refused),
        ("postfix_smtpd_tls_connections_total", counts.smtpd_tls),
    ):
        found |= {f"{name}{{{','.join(labels)}}}": count for labels, count in tally.items()}
    return {name: float(value) for name, value in found.items() if value}


def _by_user(accepted: Tally) -> dict[tuple[str, ...], int]:
    return {(maillogs.SASL_USERS.get(method, method),): count for (method,), count in accepted.items()}


def _distribution(name: str, distribution: Distribution) -> dict[str, float]:
    return {f"{name} count": sum(distribution.counts), f"{name} sum": round(distribution.total, 3)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--events", action="store_true")
    arguments = parser.parse_args()
    print(json.dumps(read(arguments.root, events=arguments.events)))
