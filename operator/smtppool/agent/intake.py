"""Log lines of mail that comes in, from smtpd(8) and cleanup(8): counted, and nothing else."""

import re
from typing import Final

from smtppool.agent import tls
from smtppool.agent.logcounts import LogCounts

_LOST: Final = re.compile(rb"lost connection after ([\w-]+)")
_REJECT: Final = re.compile(rb"(NOQUEUE|\w{6,40}): (?:milter-)?reject: ([\w-]+) from \S+: (\d{3}) ")
_SASL: Final = re.compile(rb", sasl_method=([\w-]+)")


def smtpd(line: bytes, start: int, counts: LogCounts) -> None:
    """`start`: where the text behind `postfix/smtpd[pid]: ` begins."""
    if line.startswith(b"connect from ", start):
        counts.connects += 1
    elif line.startswith(b"disconnect from ", start):
        counts.disconnects += 1
    elif b": client=" in line:
        method = _SASL.search(line, start)
        counts.accepted.count(method[1].decode() if method else "")
    elif (refused := _REJECT.match(line, start)) is not None:
        queue_id, stage, code = refused.groups()
        counts.rejects.count(stage.decode(), code.decode())
        if queue_id == b"NOQUEUE" and stage == b"RCPT":
            counts.refused.count(code.decode())
    elif (lost := _LOST.match(line, start)) is not None:
        counts.lost.count(lost[1].decode())
    elif b" TLS connection " in line:
        tls.count(line, start, counts.smtpd_tls)


def cleanup(line: bytes, start: int, counts: LogCounts) -> None:
    """Likewise for cleanup(8)."""
    rest = line.find(b": ", start) + 2
    if line.startswith(b"message-id=", rest):
        counts.cleanup_processed += 1
    elif line.startswith((b"reject: ", b"milter-reject: "), rest):
        counts.cleanup_rejected += 1
