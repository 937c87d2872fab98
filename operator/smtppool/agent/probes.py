"""What the kubelet is told. Liveness is the event loop alone: a broken neighbour is not healed by killing the agent."""

from typing import Final, NamedTuple

from smtppool.agent.facts import Board
from smtppool.agent.settings import Paths
from smtppool.agent.supervisor import Beats
from smtppool.api import names

LOG_READER: Final = "log"
LOG_READER_LIMIT: Final = 30.0


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
        """The event loop turns."""
        return Verdict(ok=True, text="ok")

    def startupz(self) -> Verdict:
        """HAProxy and the gate answer, so that Postfix may start."""
        facts = self._board.facts
        return _verdict({"haproxy": facts.haproxy_up, "gate": facts.gate_up})

    def readyz(self) -> Verdict:
        """The pod may be an entry: it balances by a routing, old or new, and its members have been checked once."""
        facts = self._board.facts
        return _verdict(
            {
                "haproxy": facts.haproxy_up,
                "gate": facts.gate_up,
                "routing applied": facts.applied_hash is not None,
                "members checked": facts.checks_done,
                "log reader": self._beats.alive(LOG_READER, within=LOG_READER_LIMIT),
                "not stopping": not self._stopping.exists(),
            }
        )


def _verdict(parts: dict[str, bool]) -> Verdict:
    missing = [name for name, ok in parts.items() if not ok]
    return Verdict(ok=not missing, text="ok" if not missing else f"missing: {', '.join(missing)}")
