"""Bounce classes: words before codes; what the health policy calls list quality comes out under the same names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from e2e.mailnet.replies import text_for
from smtppool.policy.bounces import CLASSES, UNKNOWN, classify
from smtppool.policy.health.counters import LIST_QUALITY

REPLIES = [
    # Words against codes.
    ("5.7.1", "554 5.7.1 Service unavailable; Client host [198.51.100.7] blocked using zen.spamhaus.org", "SpamBlock"),
    ("5.7.1", "550 5.7.1 <bob@x.example>: Recipient address rejected: User unknown", "InvalidRecipient"),
    ("5.7.1", "550 5.7.1 SPF check failed", "AuthenticationFailed"),
    ("5.1.1", "550 5.1.1 Mailbox full", "QuotaIssues"),
    ("5.2.1", "550 5.2.1 The email account that you tried to reach is disabled", "InactiveMailbox"),
    ("5.0.0", "552 1 Requested mail action aborted, mailbox not found", "InvalidRecipient"),
    ("5.7.26", "550-5.7.26 This mail is unauthenticated, which poses a security risk", "AuthenticationFailed"),
    ("5.1.8", "550 5.1.8 Sender address rejected: Domain not found", "InvalidSender"),
    ("5.7.1", "554 5.7.1 <x@y.example>: Relay access denied", "RoutingErrors"),
    ("5.7.1", "550 5.7.1 Your server has been banned due to poor reputation", "SpamBlock"),
    ("5.6.0", "554 5.6.0 Message contains a virus", "SpamContent"),
    (
        "5.4.4",
        "Host or domain name not found. Name service error for name=x.example type=MX: Host not found",
        "BadDomain",
    ),
    ("5.1.0", "550 5.1.0 Domain x.example does not accept mail (nullMX)", "BadDomain"),
    # Codes alone.
    ("5.1.1", "550 5.1.1 no", "InvalidRecipient"),
    ("5.1.10", "556 5.1.10 no", "BadDomain"),
    ("5.2.1", "550 5.2.1 no", "InactiveMailbox"),
    ("5.2.2", "552 5.2.2 no", "QuotaIssues"),
    ("5.4.7", "550 5.4.7 no", "MessageExpired"),
    ("5.5.2", "500 5.5.2 no", "ProtocolErrors"),
    ("5.7.99", "550 5.7.99 no", "AuthenticationFailed"),
    ("5.7.38", "550 5.7.38 no", "PolicyRelated"),
    ("5.0.0", "550 no", UNKNOWN),
    ("", "", UNKNOWN),
]


@pytest.mark.parametrize(("dsn", "reply", "expected"), REPLIES, ids=[reply[:40] for _, reply, _ in REPLIES])
def test_table(dsn: str, reply: str, expected: str) -> None:
    assert classify(dsn, reply) == expected
    assert classify(dsn, f"host mx.x.example[203.0.113.9] said: {reply} (in reply to RCPT TO command)") == expected


@pytest.mark.parametrize(
    ("occasion", "expected"),
    [
        ("block", {"SpamBlock", "SpamContent", "PolicyRelated"}),
        ("reputation", {"SpamBlock"}),
        ("unknown", {"InvalidRecipient"}),
        ("full", {"QuotaIssues"}),
        ("rate", {"SpamBlock", "SpamContent", "PolicyRelated", UNKNOWN, "AuthenticationFailed"}),
    ],
)
def test_the_simulated_providers_are_understood(occasion: str, expected: set[str]) -> None:
    for name in ("google", "microsoft", "microsoft365", "yahoo", "apple", "comcast", "orange", "gmx", "selfhosted"):
        said = text_for(name, occasion).format(source="198.51.100.7", recipient="bob@x.example").replace("\n", " ")
        assert classify(_dsn(said), said) in expected, name


def test_an_address_in_a_reply_says_nothing() -> None:
    assert classify("5.1.1", "550 5.1.1 <spamhaus@blocklist.example> no") == "InvalidRecipient"
    assert classify("5.1.1", "host mx.spamhaus.org[203.0.113.9] said: 550 5.1.1 no") == "InvalidRecipient"


def test_every_class_of_list_quality_can_come_out() -> None:
    assert LIST_QUALITY <= CLASSES


@given(st.text(), st.text())
def test_no_reply_is_an_error(dsn: str, reply: str) -> None:
    assert classify(dsn, reply) in CLASSES


def _dsn(reply: str) -> str:
    """As Postfix logs it: the reply's own, or one made of its first digit."""
    second = reply.split()[1]
    return second if second.count(".") == 2 else f"{reply[0]}.0.0"
