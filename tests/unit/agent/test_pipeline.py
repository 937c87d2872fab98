"""What lines count for: windows, metrics and events, as a table and over random histories."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from smtppool.agent.logclock import LogClock
from smtppool.agent.logcounts import LogCounts
from smtppool.agent.logmetrics import LogCollector
from smtppool.agent.maillog import LogTail
from smtppool.agent.pipeline import Pipeline
from smtppool.api.outcomes import WindowName
from tests.unit.agent.loglines import (
    BOUNCED,
    DEFERRED,
    GMAIL,
    HELD,
    ID,
    NOW,
    REFUSED,
    SENT,
    SUSPENDED,
    UNRESOLVED,
    delivery,
    expired,
    line,
    queued,
    removed,
)  # fmt: skip

TLS = line("lane-default/smtp", f"Trusted TLS connection established to {GMAIL}: TLSv1.3 with cipher X (256/256 bits)")
DAY = WindowName.DAY
FIELDS = {"pool": "p", "server": "s"}


def pipeline() -> Pipeline:
    return Pipeline(clock=LogClock(wall=NOW.timestamp, steady=lambda: 100.0), fields=FIELDS)


def counted(*lines: bytes) -> dict[str, dict[str, Any]]:
    """The 24 h window by provider, without zeros."""
    fed = pipeline()
    fed.feed(list(lines))
    shown = {one.provider: one.windows[DAY].dump() for one in fed.ledger.windows.shown()}
    return {name: {field: count for field, count in counts.items() if count} for name, counts in shown.items()}


def metrics(*lines: bytes) -> dict[str, float]:
    """All samples that are not 0, as `name{label,label}`."""
    fed, registry = pipeline(), CollectorRegistry()
    fed.feed(list(lines))
    registry.register(LogCollector(fed.counts, LogTail(path=Path(__file__)), fed.clock))
    return {
        f"{sample.name}{{{','.join(sample.labels.values())}}}": sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.value and not sample.name.endswith(("_bucket", "_sum", "_created"))
    }


ANSWERED = {"responses": 1, "responseMs": 1100}
CASES: dict[str, tuple[list[bytes], dict[str, dict[str, Any]]]] = {
    "sent": ([SENT], {"google": {"delivered": 1, **ANSWERED}}),
    "told again": ([SENT, SENT, BOUNCED], {"google": {"delivered": 1, "responses": 3, "responseMs": 3300}}),
    "told again after it left the queue": ([SENT, removed(), SENT], {"google": {
        "delivered": 2, "responses": 2, "responseMs": 2200}}),
    "two recipients": ([SENT, delivery(to="eve@gmail.com")], {"google": {
        "delivered": 2, "responses": 2, "responseMs": 2200}}),
    "deferred twice": ([DEFERRED, DEFERRED], {"google": {"deferred": 2, "responses": 2, "responseMs": 2200}}),
    "bounced": ([BOUNCED], {"google": {"bounced": {"InvalidRecipient": 1}, **ANSWERED}}),
    "bounced without an answer": ([UNRESOLVED.replace(b"=deferred", b"=bounced").replace(b", try again", b"")], {
        "other": {"bounced": {"BadDomain": 1}}}),
    "no connection": ([REFUSED], {"yahoo": {"deferred": 1}}),
    "suspended, held, unresolved": ([SUSPENDED, HELD, UNRESOLVED], {}),
    "over TLS": ([TLS, SENT], {"google": {"delivered": 1, "tls": 1, **ANSWERED}}),
    "TLS of another process": ([TLS.replace(b"[77]", b"[78]"), SENT], {"google": {"delivered": 1, **ANSWERED}}),
    "TLS reused": ([TLS.replace(b"established", b"reused"), SENT], {"google": {"delivered": 1, "tls": 1, **ANSWERED}}),
    "TLS with a server name": (
        [TLS.replace(b":25:", b":25 to mx.google.com:"), SENT],
        {"google": {"delivered": 1, "tls": 1, **ANSWERED}},
    ),
    "TLS failed": ([TLS, line("lane-default/smtp", f"{ID}: Cannot start TLS: handshake failure"), SENT], {
        "google": {"delivered": 1, **ANSWERED}}),
    "expired": ([DEFERRED, SUSPENDED.replace(b"bob", b"eve"), expired(), removed()], {"google": {
        "deferred": 1, "bounced": {"MessageExpired": 2}, **ANSWERED}}),
    "force-expired": ([DEFERRED, expired().replace(b"expired", b"force-expired")], {"google": {
        "deferred": 1, "bounced": {"MessageExpired": 1}, **ANSWERED}}),
    "delivered, then expired": ([DEFERRED, SENT, expired()], {"google": {
        "deferred": 1, "delivered": 1, "responses": 2, "responseMs": 2200}}),
    "expired and never heard of": ([expired()], {}),
    "a notification": ([queued(sender=""), SENT, BOUNCED], {}),
    "a notification, by its origin": ([line("bounce", f"x12345: sender non-delivery notification: {ID}"), SENT], {}),
    "a notification, by its lane": ([delivery(service="lane-bounce/smtp")], {}),
    "mail with a sender": ([queued(), SENT], {"google": {"delivered": 1, **ANSWERED}}),
    "handed over": ([delivery(service="handover/smtp", relay="127.0.0.1[127.0.0.1]:10027")], {}),
    "no log lines": ([b"", b"\xff" * 99, SENT[1:], b"Xyz" + SENT[3:], SENT[:80]], {}),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "expected"), CASES.values(), ids=CASES)
def test_windows(lines: list[bytes], expected: dict[str, dict[str, Any]]) -> None:
    assert counted(*lines) == expected


CLIENT = "unknown[10.0.0.7]"
METRICS: dict[str, tuple[list[bytes], dict[str, float]]] = {
    "sent": ([SENT], {
        "smtppool_delivery_attempts_total{google,sent}": 1, "smtppool_recipients_total{google,delivered,}": 1,
        "smtppool_response_seconds_count{google}": 1,
    }),
    "bounced": ([BOUNCED], {
        "smtppool_delivery_attempts_total{google,bounced}": 1,
        "smtppool_recipients_total{google,bounced,InvalidRecipient}": 1, "smtppool_response_seconds_count{google}": 1,
    }),
    "put off": ([SUSPENDED, HELD, HELD, UNRESOLVED], {
        "smtppool_not_attempted_total{suspended}": 1, "smtppool_not_attempted_total{held}": 2,
        "smtppool_not_attempted_total{unresolved}": 1, "postfix_smtp_status_deferred{}": 1,
    }),
    "handover": ([delivery(service="handover/smtp")], {"smtppool_handover_recipients_total{sent}": 1}),
    "notification": ([queued(sender=""), SENT, line("bounce", f"x12345: sender non-delivery notification: {ID}")], {
        "smtppool_notification_recipients_total{delivered}": 1, "smtppool_notifications_total{}": 1,
        "postfix_qmgr_messages_inserted_receipients_count{}": 1, "postfix_qmgr_messages_inserted_size_bytes_count{}": 1,
    }),
    "TLS": ([TLS, TLS.replace(b"established", b"reused")], {
        "postfix_smtp_tls_connections_total{Trusted,TLSv1.3,X,256,256}": 1}),
    "timeout": ([line("lane-default/smtp", "connect to mx.x.com[192.0.2.1]:25: Connection timed out")], {
        "postfix_smtp_connection_timed_out_total{}": 1}),
    "queue": ([queued(recipients=3), removed()], {
        "postfix_qmgr_messages_inserted_receipients_count{}": 1, "postfix_qmgr_messages_inserted_size_bytes_count{}": 1,
        "postfix_qmgr_messages_removed_total{}": 1}),
    "cleanup": ([line("cleanup", f"{ID}: message-id=<x>"), line("cleanup", f"{ID}: resent-message-id=<x>"),
                 line("cleanup", f"{ID}: reject: header x")], {
        "postfix_cleanup_messages_processed_total{}": 1, "postfix_cleanup_messages_rejected_total{}": 1}),
    "smtpd": ([line("smtpd", f"connect from {CLIENT}"), line("handover-in/smtpd", f"{ID}: client={CLIENT}"),
               line("smtpd", f"lost connection after DATA from {CLIENT}"), line("smtpd", f"disconnect from {CLIENT}")],
              {
        "postfix_smtpd_connects_total{}": 1, "postfix_smtpd_disconnects_total{}": 1,
        "postfix_smtpd_connections_lost_total{DATA}": 1, "postfix_smtpd_messages_processed_total{}": 1}),
    "rejects": ([line("smtpd", f"NOQUEUE: reject: MAIL from {CLIENT}: 450 4.3.2 <a@b.c>: closed; from=<a@b.c>"),
                 line("smtpd", f"NOQUEUE: reject: RCPT from {CLIENT}: 554 5.7.1 <a@b.c>: no"),
                 line("smtpd", f"{ID}: reject: END-OF-MESSAGE from {CLIENT}: 450 4.3.2 no")], {
        "smtppool_rejects_total{MAIL,450}": 1, "smtppool_rejects_total{RCPT,554}": 1,
        "smtppool_rejects_total{END-OF-MESSAGE,450}": 1, "postfix_smtpd_messages_rejected_total{554}": 1}),
    "strange": ([b"what?"], {"smtppool_log_strange_lines_total{}": 1}),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "expected"), METRICS.values(), ids=METRICS)
def test_metrics(lines: list[bytes], expected: dict[str, float]) -> None:
    stages = {f"postfix_smtp_delivery_delay_seconds_count{{{stage}}}" for stage in (
        "before_queue_manager", "queue_manager", "connection_setup", "transmission")}  # fmt: skip
    found = {name: value for name, value in metrics(*lines).items() if name not in stages}
    assert found == {"smtppool_log_lines_total{}": len(lines), **expected}


def test_events_say_what_was_counted() -> None:
    events: list[str] = []
    fed = pipeline()
    fed.feed([DEFERRED, SENT, SENT, DEFERRED.replace(b"bob", b"eve"), expired()], emit=events.append)
    told = [json.loads(event) for event in events]
    assert [(one["event"], one.get("outcome"), one.get("recipients")) for one in told] == [
        ("delivery", False, None), ("delivery", True, None), ("delivery", False, None), ("delivery", False, None),
        ("expiry", None, 1),
    ]  # fmt: skip
    assert told[1].items() >= {"time": "2026-11-21T15:59:01Z", "provider": "google", **FIELDS}.items()


def test_lines_that_were_told_count_in_the_windows_alone() -> None:
    fed, apart = pipeline(), LogCounts()
    fed.feed([SENT], counts=apart)
    assert (fed.counts.lines, apart.lines) == (0, 1)
    assert fed.ledger.windows.shown()[0].windows[DAY].delivered == 1
    fed.feed([SENT])
    assert fed.counts.recipients == {}


LINES = st.lists(
    st.one_of(
        st.sampled_from([SENT, DEFERRED, BOUNCED, HELD, SUSPENDED, REFUSED, TLS, queued(), removed(), expired()]),
        st.binary(max_size=80),
        st.builds(lambda text, cut, noise: text[:cut] + noise + text[cut:],
                  st.sampled_from([SENT, BOUNCED, queued(), TLS]), st.integers(0, 200), st.binary(max_size=8)),
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(LINES, st.integers(1, 10))
def test_no_line_is_an_error_and_chunks_make_no_difference(lines: list[bytes], size: int) -> None:
    whole, parts = pipeline(), pipeline()
    events: list[str] = []
    whole.feed(lines, emit=events.append)
    for start in range(0, len(lines), size):
        parts.feed(lines[start : start + size])
    assert whole.ledger.dump() == parts.ledger.dump()
    assert whole.counts.lines == parts.counts.lines == len(lines)
    assert all(json.loads(event) for event in events)


def test_labels_out_of_the_log_are_bounded() -> None:
    fed = pipeline()
    for number in range(1000):
        text = f"Trusted TLS connection established to x[1.1.1.1]:25: T with cipher C{number} (1/1 bits)"
        fed.feed([line("smtp", text), line(f"s{number}/smtp", "x")])
    assert len(fed.counts.smtp_tls) <= 257
    assert sum(fed.counts.smtp_tls.values()) == 1000
