"""Who may send: every request of Postfix gets the stated answer, and nothing else than an allowed recipient gets OK."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.api.documents import GateTable
from smtppool.gate.table import NoRules, Rules, rules
from smtppool.gate.verdict import CLOSED, CONFUSED, NOT_READY, SHED, SHED_AFTER, ConfusedError, verdict

NOW = 1000.0
SUBMISSION = {"allowedNetworks": ["10.20.0.0/16", "192.0.2.7/32"], "maxMessageSize": 1000, "maxRecipients": 3}
MAIL = {
    b"request": b"smtpd_access_policy",
    b"protocol_state": b"MAIL",
    b"policy_context": b"submission",
    b"client_address": b"10.20.1.1",
    b"size": b"0",
    b"recipient_count": b"0",
}


def in_force(*, intake: str = "Open", closed_since: float | None = None) -> Rules:
    table = GateTable.model_validate({"lanes": "Open", "intake": intake, "submission": SUBMISSION})
    return rules(table, closed_since=closed_since)


def asked(state: str, **changes: str) -> dict[bytes, bytes]:
    return {**MAIL, b"protocol_state": state.encode()} | {
        name.encode(): text.encode() for name, text in changes.items()
    }


FOREIGN = "554 5.7.1 <{}>: not in submission.allowedNetworks of this pool"
LARGE = "552 5.3.4 Message is larger than 1000 bytes"
MANY = "452 4.5.3 Message has more than 3 recipients"
OPEN, CLOSING, CLOSED_LONG = (
    in_force(),
    in_force(intake="Closed", closed_since=NOW - SHED_AFTER + 1),
    in_force(intake="Closed", closed_since=NOW - SHED_AFTER),
)


@pytest.mark.parametrize(
    ("name", "request_", "table", "action"),
    [
        ("sender of an allowed client", asked("MAIL"), OPEN, "DUNNO"),
        ("recipient of an allowed client", asked("RCPT"), OPEN, "OK"),
        ("recipient of a single allowed host", asked("RCPT", client_address="192.0.2.7"), OPEN, "OK"),
        ("neighbour of the single host", asked("RCPT", client_address="192.0.2.8"), OPEN, FOREIGN.format("192.0.2.8")),
        ("sender of a foreign client", asked("MAIL", client_address="10.21.0.1"), OPEN, FOREIGN.format("10.21.0.1")),
        ("foreign at every stage", asked("DATA", client_address="10.21.0.1"), OPEN, FOREIGN.format("10.21.0.1")),
        ("IPv6 client", asked("MAIL", client_address="2001:DB8::1"), OPEN, FOREIGN.format("2001:db8::1")),
        ("the pod itself", asked("RCPT", client_address="127.0.0.1"), OPEN, FOREIGN.format("127.0.0.1")),
        ("size at the limit", asked("MAIL", size="1000"), OPEN, "DUNNO"),
        ("stated size above the limit", asked("MAIL", size="1001"), OPEN, LARGE),
        ("real size above the limit", asked("END-OF-MESSAGE", size="1001"), OPEN, LARGE),
        ("size is not asked at RCPT", asked("RCPT", size="1001"), OPEN, "OK"),
        ("no size given", asked("MAIL", size=""), OPEN, "DUNNO"),
        ("recipients at the limit", asked("DATA", recipient_count="3"), OPEN, "DUNNO"),
        ("recipients above the limit", asked("DATA", recipient_count="4"), OPEN, MANY),
        ("recipients above the limit, end", asked("END-OF-MESSAGE", recipient_count="4"), OPEN, MANY),
        ("closed, sender", asked("MAIL"), CLOSING, CLOSED),
        ("closed, recipient", asked("RCPT"), CLOSING, CLOSED),
        ("closed, accepted message may finish", asked("DATA"), CLOSING, "DUNNO"),
        ("closed, accepted message may end", asked("END-OF-MESSAGE"), CLOSING, "DUNNO"),
        ("closed for long, session is shed", asked("MAIL"), CLOSED_LONG, SHED),
        ("closed for long, inside a message", asked("RCPT"), CLOSED_LONG, CLOSED),
        ("closed, foreign stays foreign", asked("MAIL", client_address="9.9.9.9"), CLOSING, FOREIGN.format("9.9.9.9")),
        ("peer", asked("RCPT", policy_context="handover", client_address="10.244.0.9"), OPEN, "OK"),
        ("peer, intake closed", asked("MAIL", policy_context="handover"), CLOSING, CLOSED),
        ("peer's large message", asked("MAIL", policy_context="handover", size="1001"), OPEN, "DUNNO"),
        ("no table", asked("RCPT"), NoRules(error="none"), NOT_READY),
        ("no table, peer", asked("RCPT", policy_context="handover"), NoRules(error="none"), NOT_READY),
    ],
)
def test_answers(name: str, request_: dict[bytes, bytes], table: Rules | NoRules, action: str) -> None:
    assert verdict(request_, table, now=NOW) == action, name
    assert verdict(request_, table, now=NOW) == action, f"{name}: asked twice"


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("empty", {}),
        ("another protocol", MAIL | {b"request": b"junk"}),
        ("a stage that is never asked", asked("VRFY")),
        ("lower case stage", asked("rcpt")),
        ("no context", {**MAIL, b"policy_context": b""}),
        ("unknown context", asked("RCPT", policy_context="admin")),
        ("no address", asked("RCPT", client_address="")),
        ("no IPv4 address", asked("RCPT", client_address="10.20.1")),
        ("a name", asked("RCPT", client_address="unknown")),
        ("no IPv6 address", asked("RCPT", client_address="10.20.1.1:x")),
        ("size is no number", asked("MAIL", size="1e3")),
        ("negative size", asked("MAIL", size="-1")),
        ("endless size", asked("MAIL", size="9" * 5000)),
        ("count is no number", asked("DATA", recipient_count="many")),
    ],
)
def test_confusion_is_an_error(name: str, request_: dict[bytes, bytes]) -> None:
    with pytest.raises(ValueError, match=r"."):
        verdict(request_, OPEN, now=NOW)


def test_confused_error_is_what_a_gate_answers_with_451() -> None:
    assert issubclass(ConfusedError, ValueError)
    assert CONFUSED.startswith("451 ")


@given(st.dictionaries(st.sampled_from([*MAIL, b"sender", b"instance"]), st.binary(max_size=20)))
def test_only_an_understood_recipient_is_ever_answered_ok(changes: dict[bytes, bytes]) -> None:
    request = MAIL | changes
    try:
        action = verdict(request, OPEN, now=NOW)
    except ValueError:
        return
    if action == "OK":
        assert request[b"protocol_state"] == b"RCPT"
        assert request[b"policy_context"] in {b"submission", b"handover"}
