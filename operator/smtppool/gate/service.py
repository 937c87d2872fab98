"""What the gate knows and what it answers, apart from the connections it is asked over.

Each answer is total: an exception inside becomes a 4xx for Postfix and a line in the log, never silence and never `OK`.
"""

import json
import logging
import time
from collections import Counter
from pathlib import Path

from smtppool.gate import lanes, verdict, wire
from smtppool.gate.table import NoRules, Rules, read

_log = logging.getLogger(__name__)


class Gate:
    """The rules in force, and counts of what was answered since the worker started."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.started = time.monotonic()
        self.rules: Rules | NoRules = NoRules(error="not read yet")
        self.counts: Counter[str] = Counter()

    def policy(self, request: bytes) -> bytes:
        """Reply to one policy request."""
        try:
            action = verdict.verdict(wire.attributes(request), self.rules, now=time.monotonic())
        except Exception:  # noqa: BLE001  (whatever it is, Postfix must hear a 4xx)
            _log.warning("policy request %r", request[:500], exc_info=True)
            action = verdict.CONFUSED
        self.counts["policy " + action.partition(" ")[0]] += 1
        return f"action={action}\n\n".encode("ascii", "replace")

    def socketmap(self, request: bytes) -> bytes:
        """Reply to one socketmap request."""
        try:
            name, _, key = request.decode("utf-8", "surrogateescape").partition(" ")
            reply = lanes.answer(name, key, self.rules)
        except Exception:  # noqa: BLE001  (as above)
            _log.warning("socketmap request %r", request[:500], exc_info=True)
            reply = "TEMP lookup failed"
        self.counts["socketmap " + reply.partition(" ")[0]] += 1
        return wire.netstring(reply)

    def control(self, command: bytes) -> bytes:
        """Reply to one line on the control socket: `reload` or `status`."""
        match command.strip():
            case b"reload":
                return self._reload().encode()
            case b"status":
                return json.dumps(self.status(), separators=(",", ":")).encode()
            case _:
                return b"error unknown command: reload or status"

    def reload(self) -> None:
        """Read the table again; an unreadable one closes everything."""
        before = self.rules
        self.rules = read(self.path, before=before, now=time.monotonic())
        if isinstance(self.rules, NoRules):
            _log.warning("closed: %s", self.rules.error)

    def status(self) -> dict[str, object]:
        """What is in force; without a good table lanes and intake are closed and `error` says why."""
        rules = self.rules
        uptime = round(time.monotonic() - self.started, 3)
        common: dict[str, object] = {"uptimeSeconds": uptime, "counts": dict(sorted(self.counts.items()))}
        if isinstance(rules, NoRules):
            return {"sha256": None, "lanes": "Closed", "intake": "Closed", "error": rules.error, **common}
        return {"sha256": rules.sha256, "lanes": rules.lanes, "intake": rules.intake, "error": None, **common}

    def _reload(self) -> str:
        self.reload()
        return f"error {self.rules.error}" if isinstance(self.rules, NoRules) else f"ok {self.rules.sha256}"
