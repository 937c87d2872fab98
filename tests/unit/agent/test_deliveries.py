"""Postfix log lines and the events that come of them; recipients and replies that try to pass for something else."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.agent import deliveries
from smtppool.agent.deliveries import Outcomes, parse, removed

NOW = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
SENT = (
    "Nov 21 15:59:01 mx1 postfix/lane-default/smtp[77]: 4gZq1x2Y3Zz9: to=<bob@gmail.com>, "
    "relay=gmail-smtp-in.l.google.com[142.250.1.26]:25, conn_use=3, delay=1.2, delays=0.1/0/0.6/0.5, dsn=2.0.0, "
    "status=sent (250 2.0.0 OK 1763 x - gsmtp)"
)
DEFERRED = (
    "Nov 21 15:59:02 mx1 postfix/lane-default/smtp[77]: 4gZq1x2Y3Zz9: to=<bob@gmail.com>, relay=mx[192.0.2.1]:25, "
    "delay=300, delays=299/0.1/0.6/0.5, dsn=4.7.0, status=deferred (host mx[192.0.2.1] said: 421 4.7.0 slow down (x))"
)
HELD = (
    "Nov 21 15:59:03 mx1 postfix/retry[78]: 4gZq1x2Y3Zz9: to=<bob@gmail.com>, relay=none, delay=0.2, "
    "delays=0.1/0/0/0, dsn=4.7.1, status=deferred (not yet allowed to send)"
)
SUSPENDED = (
    "Nov  1 05:59:03 mx1 postfix/error[79]: 4gZq1x2Y3Zz9: to=<bob@gmail.com>, relay=none, delay=9, "
    "delays=9/0/0/0, dsn=4.4.1, status=deferred (delivery temporarily suspended: connect to mx[192.0.2.1]: refused)"
)
BOUNCED = SENT.replace("status=sent (250 2.0.0 OK", "status=bounced (550 5.1.1 no such user").replace(
    "2.0.0,", "5.1.1,"
)


def test_a_sent_line() -> None:
    sent = parse(SENT, now=NOW)
    assert sent is not None
    assert sent.event(outcome=True) == {
        "event": "delivery",
        "time": "2026-11-21T15:59:01Z",
        "queueId": "4gZq1x2Y3Zz9",
        "recipient": "bob@gmail.com",
        "status": "sent",
        "dsn": "2.0.0",
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
    ("line", "status", "attempt", "address"),
    [
        (DEFERRED, "deferred", True, "192.0.2.1"),
        (HELD, "deferred", False, None),
        (SUSPENDED, "deferred", False, None),
        (BOUNCED, "bounced", True, "142.250.1.26"),
    ],
)
def test_status_and_whether_it_was_an_attempt(line: str, status: str, attempt: bool, address: str | None) -> None:
    found = parse(line, now=NOW)
    assert found is not None
    assert (found.status, found.attempt, found.relay_address) == (status, attempt, address)


def test_times_have_the_year_that_puts_them_in_the_past() -> None:
    new_year = parse(SENT.replace("Nov 21", "Dec 31"), now=datetime(2027, 1, 1, tzinfo=UTC))
    assert new_year is not None
    assert new_year.time == "2026-12-31T15:59:01Z"
    padded = parse(SUSPENDED, now=NOW)
    assert padded is not None
    assert padded.time == "2026-11-01T05:59:03Z"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Nov 21 15:59:01 mx1 postfix/qmgr[7]: 4gZq1x2Y3Zz9: removed",
        "Nov 21 15:59:01 mx1 postfix/smtpd[7]: NOQUEUE: reject: RCPT from x[1.2.3.4]: 450 to=<a@b>, status=sent (x)",
        SENT.removesuffix(")"),
        SENT[20:],
    ],
)
def test_other_lines_are_no_delivery(line: str) -> None:
    assert parse(line, now=NOW) is None


def test_a_reply_cannot_pass_for_another_delivery() -> None:
    hostile = SENT.replace(
        "OK 1763 x", "to=<victim@x.com>, relay=y[1.1.1.1]:25, delay=1, delays=0/0/0/0, dsn=5.0.0, status=bounced (x)"
    )
    found = parse(hostile, now=NOW)
    assert found is not None
    assert (found.recipient, found.status) == ("bob@gmail.com", "sent")


def test_a_recipient_cannot_pass_for_another_delivery() -> None:
    name = '"a>, relay=y[1.1.1.1]:25, delay=1, delays=0/0/0/0, dsn=2.0.0, status=sent (x) \\" "@x.com'
    found = parse(BOUNCED.replace("bob@gmail.com", name), now=NOW)
    assert found is not None
    assert (found.recipient, found.status) == (name, "bounced")


@given(st.text())
def test_no_line_is_an_error(line: str) -> None:
    parse(line, now=NOW)
    parse(f"{SENT[:40]}{line}, status={line}", now=NOW)
    removed(line)


def test_a_fate_is_told_once_per_recipient_of_a_message() -> None:
    outcomes = Outcomes()
    sent, deferred, bounced = (parse(line, now=NOW) for line in (SENT, DEFERRED, BOUNCED))
    assert sent
    assert deferred
    assert bounced
    assert not outcomes.first(deferred)
    assert outcomes.first(sent)
    assert not outcomes.first(sent)
    assert not outcomes.first(bounced)
    assert outcomes.first(sent._replace(recipient="eve@gmail.com"))
    assert outcomes.first(sent._replace(queue_id="another9"))


def test_what_is_known_is_bounded_and_forgotten() -> None:
    outcomes = Outcomes(limit=2)
    sent = parse(SENT, now=NOW)
    assert sent
    for number in range(5):
        assert outcomes.first(sent._replace(queue_id=f"id000{number}"))
    assert outcomes.first(sent._replace(queue_id="id0000"))
    outcomes.forget("id0000")
    assert outcomes.first(sent._replace(queue_id="id0000"))


def test_removed() -> None:
    assert removed("Nov 21 15:59:01 mx1 postfix/qmgr[7]: 4gZq1x2Y3Zz9: removed") == "4gZq1x2Y3Zz9"
    assert removed(SENT) is None


def test_events_are_json() -> None:
    hostile = parse(SENT.replace("OK 1763", 'OK "\\ \x01 \ufffd'), now=NOW)
    assert hostile
    assert json.loads(json.dumps(hostile.event(outcome=True)))["reply"].startswith('250 2.0.0 OK "\\')
    assert {"sent", "bounced", "expired"} == deliveries.FINAL
