"""Which way mail goes: the answers of both socketmaps for every state of the lanes."""

import pytest

from smtppool.api.documents import GateTable
from smtppool.gate.lanes import answer
from smtppool.gate.table import NoRules, Rules, rules

SUBMISSION = {"maxMessageSize": 1000, "maxRecipients": 3}


def in_force(lanes: str) -> Rules:
    return rules(GateTable.model_validate({"lanes": lanes, "reason": "egress wrong", "submission": SUBMISSION}))


OPEN, CLOSED, HANDOVER, NONE = in_force("Open"), in_force("Closed"), in_force("Handover"), NoRules(error="gone")


@pytest.mark.parametrize(
    ("name", "table", "reply"),
    [
        ("open: main.cf decides between lane, bounces and smarthost", OPEN, "OK :"),
        ("closed: stays in the queue", CLOSED, "OK retry:4.7.1 egress wrong"),
        ("handover: to a peer by the own HAProxy", HANDOVER, "OK handover:[127.0.0.1]:10027"),
        ("no table: stays in the queue", NONE, "OK retry:4.7.1 relay is not ready: no permission table"),
    ],
)
@pytest.mark.parametrize("key", ["user@example.com", "user+tag@example.com", "a@b@example.com", "u@[192.0.2.1]"])
def test_a_full_address_gets_a_lane(name: str, table: Rules | NoRules, reply: str, key: str) -> None:
    assert answer("transport", key, table) == reply, name


@pytest.mark.parametrize("table", [OPEN, CLOSED, HANDOVER, NONE])
@pytest.mark.parametrize("key", ["*", "", "example.com", ".example.com", "user", "user@", "@example.com", "<>"])
def test_nothing_else_gets_a_lane(table: Rules | NoRules, key: str) -> None:
    assert answer("transport", key, table) == "NOTFOUND "


@pytest.mark.parametrize(
    ("table", "reply"),
    [
        (OPEN, "NOTFOUND "),
        (CLOSED, "TEMP egress wrong"),
        (HANDOVER, "TEMP mail goes to another relay"),
        (NONE, "TEMP relay is not ready: no permission table"),
    ],
)
@pytest.mark.parametrize("key", ["example.com", ".com", "[192.0.2.1]", "[smtp.example.com]:587"])
def test_a_session_is_opened_only_by_an_open_lane(table: Rules | NoRules, reply: str, key: str) -> None:
    assert answer("tls", key, table) == reply


@pytest.mark.parametrize("name", ["", "transports", "TRANSPORT"])
def test_an_unknown_map_is_a_temporary_error(name: str) -> None:
    assert answer(name, "user@example.com", OPEN).startswith("TEMP ")


@pytest.mark.parametrize(
    ("key", "reply"),
    [
        ("user@yahoo.com", "OK handover:[127.0.0.1]:10027"),
        ("user@YAHOO.com", "OK handover:[127.0.0.1]:10027"),
        ("user@gmail.com", "OK :"),
        ("user@sub.yahoo.com", "OK :"),
        ("yahoo.com", "NOTFOUND "),
    ],
)
def test_mail_of_an_excluded_provider_goes_to_peers(key: str, reply: str) -> None:
    open_lanes = {"lanes": "Open", "handedOver": ["aol.com", "yahoo.com"], "submission": SUBMISSION}
    assert answer("transport", key, rules(GateTable.model_validate(open_lanes))) == reply
    closed = rules(GateTable.model_validate(open_lanes | {"lanes": "Closed", "reason": "egress wrong"}))
    if reply != "NOTFOUND ":
        assert answer("transport", key, closed) == "OK retry:4.7.1 egress wrong"
