"""Answers are total: whatever comes in, Postfix hears a well-formed reply that never allows by accident."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.gate import lanes, verdict
from smtppool.gate.service import Gate

TABLE = {
    "lanes": "Open",
    "submission": {"allowedNetworks": ["10.0.0.0/8"], "maxMessageSize": 1000, "maxRecipients": 3},
}
RCPT = b"request=smtpd_access_policy\nprotocol_state=RCPT\npolicy_context=submission\nclient_address=10.1.1.1"


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    (tmp_path / "gate.json").write_text(json.dumps(TABLE))
    opened = Gate(tmp_path / "gate.json")
    opened.reload()
    return opened


def test_policy(gate: Gate) -> None:
    assert gate.policy(RCPT) == b"action=OK\n\n"


@given(st.binary(max_size=300))
def test_policy_answers_anything_with_a_451(request_: bytes) -> None:
    assert Gate(Path("/nonexistent")).policy(request_) == f"action={verdict.CONFUSED}\n\n".encode()


def test_policy_answers_a_fault_of_its_own_with_a_451(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdict, "verdict", lambda *_, **__: 1 / 0)
    assert gate.policy(RCPT) == f"action={verdict.CONFUSED}\n\n".encode()


def test_socketmap(gate: Gate) -> None:
    assert gate.socketmap(b"transport user@example.com") == b"4:OK :,"
    assert gate.socketmap(b"tls example.com") == b"9:NOTFOUND ,"


def test_socketmap_answers_a_fault_of_its_own_with_a_temporary_error(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "answer", lambda *_: 1 / 0)
    assert gate.socketmap(b"transport user@example.com") == b"18:TEMP lookup failed,"


@given(st.binary(max_size=100))
def test_socketmap_opens_nothing_without_a_table(request_: bytes) -> None:
    reply = Gate(Path("/nonexistent")).socketmap(request_).partition(b":")[2]
    assert reply.startswith((b"TEMP ", b"NOTFOUND ", b"OK retry:"))


def test_reload_names_the_table(gate: Gate) -> None:
    gate.path.write_text(json.dumps(TABLE | {"lanes": "Closed"}))
    assert gate.socketmap(b"tls example.com") == b"9:NOTFOUND ,"
    status, _, digest = gate.control(b"reload").decode().partition(" ")
    assert (status, digest) == ("ok", json.loads(gate.control(b"status"))["sha256"])
    assert gate.socketmap(b"tls example.com").partition(b":")[2].startswith(b"TEMP ")


def test_reload_of_a_bad_table_closes_and_says_so(gate: Gate) -> None:
    gate.path.write_text("{")
    assert gate.control(b"reload").startswith(b"error ")
    status = json.loads(gate.control(b"status"))
    assert (status["lanes"], status["intake"], status["sha256"]) == ("Closed", "Closed", None)
    assert status["error"]


def test_status(gate: Gate) -> None:
    gate.policy(RCPT)
    gate.policy(b"")
    status = json.loads(gate.control(b"status\r"))
    assert (status["lanes"], status["intake"], status["error"]) == ("Open", "Open", None)
    assert status["counts"] == {"policy 451": 1, "policy OK": 1}
    assert status["uptimeSeconds"] >= 0


def test_an_unknown_command_is_named(gate: Gate) -> None:
    assert gate.control(b"open").startswith(b"error unknown command")
