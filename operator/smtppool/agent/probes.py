"""What the kubelet is told: what only another start of the agent can heal (liveness), who may be an entry (readiness).

Neither asks how old the routing is. An API server that is away ages it in all pods at once, and mail flows on by the
last one: pods that are not ready would stop it, and agents started anew would know no more. So the age is told and not
judged. A task that hangs is judged: all that it waits for has a limit well below STUCK_AFTER, also when API server,
HAProxy or gate are away, so its silence is a fault of this process, which would never again follow a weight or close a
lane. One that fails again and again is not silent: another start would not heal it.

Start-up does not ask for a routing: Postfix must run without one too, to count the queue of a server whose pool is
gone. The gate is closed until then, and readiness requires that a routing is applied.
"""

import time
from typing import Final, NamedTuple

from smtppool.agent.facts import Board, Facts
from smtppool.agent.settings import Paths
from smtppool.agent.supervisor import Beats
from smtppool.api import names

LOG_READER: Final = "log"
GATE: Final = "gate"
FRESH: Final = 30.0  # seconds; log reader and gate keeper turn every other second
STEERING: Final = ("routing", "grant", "haproxy", GATE)
STUCK_AFTER: Final = 180.0  # seconds; an idle watch is told something every minute, a dead one fails after 75 s


class Verdict(NamedTuple):
    """Whether a probe passes, and what is missing."""

    ok: bool
    text: str


class Probes:
    """Answers by path."""

    def __init__(self, *, board: Board, beats: Beats, paths: Paths) -> None:
        self._board = board
        self._beats = beats
        self._stopping = paths.at(names.STOPPING_FLAG)

    def livez(self) -> Verdict:
        """The event loop turns, and so does each task that steers HAProxy and the gate."""
        silence = {task: self._beats.silence(task) for task in STEERING}
        stuck = [f"{task} for {seconds:.0f} s" for task, seconds in silence.items() if seconds > STUCK_AFTER]
        return Verdict(ok=not stuck, text=f"stuck: {', '.join(stuck)}" if stuck else "ok")

    def startupz(self) -> Verdict:
        """HAProxy and the gate answer, so that Postfix may start."""
        facts = self._board.facts
        return _verdict({"haproxy": facts.haproxy_up, "gate": facts.gate_up})

    def readyz(self) -> Verdict:
        """The pod may be an entry: it balances by a routing, old or new, and its members have been checked once."""
        facts = self._board.facts
        verdict = _verdict(
            {
                "haproxy": facts.haproxy_up,
                "gate": facts.gate_up and self._beats.alive(GATE, within=FRESH),
                "routing applied": facts.applied_hash is not None,
                "members checked": facts.checks_done,
                "log reader": self._beats.alive(LOG_READER, within=FRESH),
                "not stopping": not self._stopping.exists(),
            }
        )
        return Verdict(verdict.ok, f"{verdict.text}; {_ages(facts)}")


def _ages(facts: Facts) -> str:
    """How long ago the API server confirmed what this pod works by."""
    times = {"routing": facts.routing_at, "grant": facts.grant_at}
    ages = {
        name: "never seen" if at is None else f"confirmed {time.time() - at:.0f} s ago" for name, at in times.items()
    }
    return ", ".join(f"{name} {age}" for name, age in ages.items())


def _verdict(parts: dict[str, bool]) -> Verdict:
    missing = [name for name, ok in parts.items() if not ok]
    return Verdict(ok=not missing, text="ok" if not missing else f"missing: {', '.join(missing)}")
