"""The file of the log reader's benchmark has something to count for each metric that mtail has as well."""

import time
from pathlib import Path

from benchmarks import maillogs
from benchmarks.logreader import COMMON, LINES, SEED, never_counted, read
from smtppool.agent.settings import Paths
from smtppool.api import names


def counted(root: Path, *, lines: int) -> dict[str, float]:
    log = Paths(root=root).at(names.MAILLOG)
    log.parent.mkdir(parents=True)
    maillogs.write(log, lines=lines, seed=SEED, end=time.time())
    return read(root, events=False)


def test_each_metric_counts_and_each_label_is_told_apart(tmp_path: Path) -> None:
    found = counted(tmp_path, lines=LINES // 100)
    assert never_counted(found) == []
    labels = {name.partition("{")[2] for name in found if name.startswith("postfix_smtpd_messages_processed_total")}
    assert labels == {"}", *(f"{user}}}" for user in maillogs.SASL_USERS.values())}
    assert len([name for name in found if name.startswith("postfix_smtpd_tls_connections_total")]) == len(
        maillogs.INTAKE_TLS
    )


def test_what_is_missing_is_named() -> None:
    some = {"postfix_smtpd_connects_total{}": 3.0, "postfix_smtp_delivery_delay_seconds{transmission} sum": 1.5}
    missing = never_counted({**some, "postfix_qmgr_messages_removed_total{}": 0.0})
    counted_names = {"postfix_smtpd_connects_total", "postfix_smtp_delivery_delay_seconds sum"}
    assert missing == sorted(set(COMMON) - counted_names)


def test_the_list_has_every_metric_that_is_compared(tmp_path: Path) -> None:
    found = counted(tmp_path, lines=LINES // 100)
    assert {name.partition("{")[0] + name.partition("}")[2] for name in found} == set(COMMON)
