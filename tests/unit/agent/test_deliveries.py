"""Postfix' delivery lines and their events; recipients and replies that try to pass for something else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.agent.deliveries import Delivery, Parser
from tests.unit.agent import loglines
from tests.unit.agent.loglines import BOUNCED, DEFERRED, HELD, REFUSED, SENT, SUSPENDED, UNRESOLVED

PREFIX = SENT.index(b"]: ") + 3


def parse(line: bytes) -> Delivery | None:
    return Parser().parse(line, line.find(b"]: ") + 3)


def parsed(line: bytes) -> Delivery:
    found = parse(line)
    assert found is not None
    return found


def test_a_sent_line() -> None:
    event = parsed(SENT).event(
        time="2026-11-21T15:59:01Z", service=b"lane-default/smtp", bounce_class=None, outcome=True
    )
    assert json.loads(f"{{{event}}}") == {
        "event": "delivery",
        "time": "2026-11-21T15:59:01Z",
        "queueId": "4gZq1x2Y3Zz9",
        "recipient": "bob@gmail.com",
        "status": "sent",
        "class": None,
        "dsn": "2.0.0",
        "provider": "google",
        "relay": "gmail-smtp-in.l.google.com",
        "relayAddress": "142.250.1.26",
        "lane": "postfix/lane-default/smtp",
        "delaySeconds": 1.2,
        "responseSeconds": 1.1,
        "connectionUse": 3,
        "attempt": True,
        "outcome": True,
        "reply": "250 2.0.0 OK 1763 x - gsmtp",
    }


@pytest.mark.parametrize(
    ("line", "status", "attempt", "address", "provider"),
    [
        (DEFERRED, b"deferred", True, b"142.250.1.26", "google"),
        (HELD, b"deferred", False, None, "google"),
        (SUSPENDED, b"deferred", False, None, "google"),
        (BOUNCED, b"bounced", True, b"142.250.1.26", "google"),
        (REFUSED, b"deferred", True, None, "yahoo"),
        (UNRESOLVED, b"deferred", False, None, "other"),
        (SENT.replace(b"gmail.com>", b"shop.example>"), b"sent", True, b"142.250.1.26", "google"),
        (SENT.replace(b"gmail-smtp-in.l.google.com[", b"mx.shop.example["), b"sent", True, b"142.250.1.26", "google"),
    ],
    ids=["deferred", "held", "suspended", "bounced", "refused", "unresolved", "by host", "by domain"],
)
def test_status_attempt_and_provider(
    line: bytes, status: bytes, attempt: bool, address: bytes | None, provider: str
) -> None:
    found = parsed(line)
    assert (found.status, found.attempt, found.relay.address, found.provider) == (status, attempt, address, provider)


def test_optional_fields() -> None:
    found = parsed(SENT.replace(b"relay=", b"orig_to=<x@y.example>, relay=").replace(b", dsn=", b", tls=dane, dsn="))
    assert (found.recipient, found.connection_use, found.dsn) == (b"bob@gmail.com", b"3", b"2.0.0")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        loglines.removed(),
        loglines.line("smtpd", "NOQUEUE: reject: RCPT from x[1.2.3.4]: 450 to=<a@b>, status=sent (x)"),
        SENT.removesuffix(b")"),
        SENT[60:],
        SENT.replace(b"delay=1.2", b"delay=1.2.3"),
        SENT.replace(b"conn_use=3", b"conn_use=" + b"3" * 5000),
        SENT.replace(b"delay=1.2", b"delay=" + b"3" * 5000),
    ],
)
def test_other_lines_are_no_delivery(line: bytes) -> None:
    assert parse(line) is None


def test_a_reply_cannot_pass_for_another_delivery() -> None:
    other = b"to=<victim@x.com>, relay=y[1.1.1.1]:25, delay=1, delays=0/0/0/0, dsn=5.0.0, status=bounced (x)"
    found = parsed(SENT.replace(b"OK 1763 x", other))
    assert (found.recipient, found.status) == (b"bob@gmail.com", b"sent")


def test_a_recipient_cannot_pass_for_another_delivery() -> None:
    name = b'"a>, relay=y[1.1.1.1]:25, delay=1, delays=0/0/0/0, dsn=2.0.0, status=sent (x) \\" "@x.com'
    found = parsed(BOUNCED.replace(b"bob@gmail.com", name))
    assert (found.recipient, found.status) == (name, b"bounced")


def test_events_are_json_whatever_the_bytes() -> None:
    hostile = parsed(SENT.replace(b"OK 1763", b'OK "\\ \x01 \xff\x80'))
    event = hostile.event(time="", service=b"\xff", bounce_class="SpamBlock", outcome=False)
    assert json.loads(f"{{{event}}}")["reply"].startswith('250 2.0.0 OK "\\ \x01 \ufffd')


@given(st.binary(), st.integers(0, 300), st.integers(0, 300))
def test_no_line_is_an_error(noise: bytes, start: int, end: int) -> None:
    for line in (noise, SENT[:start] + noise + SENT[end:]):
        found = Parser().parse(line, PREFIX)
        if found is not None:
            event = found.event(time="", service=noise, bounce_class=None, outcome=True)
            assert json.loads(f"{{{event}}}")["provider"] == found.provider


def test_a_hostile_recipient_takes_no_time() -> None:
    """Quotes within quotes: an expression that tries all ways would not end."""
    for name in (b'"' * 60_001, b'\\"' * 30_000, b'"a\\' * 20_000, b"a" * 60_000):
        assert parse(SENT.replace(b"bob@gmail.com>", name)) is None


def test_a_domain_is_learnt_from_the_host_that_answered() -> None:
    learnt: list[tuple[str, str]] = []
    parser = Parser(lambda domain, provider: learnt.append((domain, provider)))
    unknown_host = SENT.replace(b"gmail-smtp-in.l.google.com[", b"mx.shop.example[")
    for line in (SENT.replace(b"gmail.com>", b"shop.example>"), unknown_host, SENT, SENT, BOUNCED, REFUSED, UNRESOLVED):
        parser.parse(line, line.find(b"]: ") + 3)
    assert learnt[:2] == [("shop.example", "google"), ("gmail.com", "google")]
    assert len(set(learnt)) == len(learnt)
