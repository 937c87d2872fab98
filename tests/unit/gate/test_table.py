"""The gate's table: read as written, and closed for anything that is not a good table."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.api.documents import GateTable, Intake, Lanes
from smtppool.gate.table import MAX_SIZE, NoRules, Rules, ipv4, network, printable, read, rules

SUBMISSION = {"allowedNetworks": ["10.20.0.0/16"], "maxMessageSize": 1000, "maxRecipients": 3}
TABLE: dict[str, Any] = {"version": 1, "lanes": "Open", "intake": "Open", "reason": "", "submission": SUBMISSION}
NONE = NoRules(error="not read yet")


def written(path: Path, content: object) -> Path:
    file = path / "gate.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def test_a_good_table(tmp_path: Path) -> None:
    file = written(tmp_path, TABLE)
    found = read(file, before=NONE, now=5.0)
    assert isinstance(found, Rules)
    assert (found.lanes, found.intake, found.closed_since) == (Lanes.OPEN, Intake.OPEN, None)
    assert found.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert found.permit(ipv4("10.20.255.255"))
    assert not found.permit(ipv4("10.21.0.0"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty", ""),
        ("half a file", json.dumps(TABLE)[:-5]),
        ("a list", []),
        ("unknown field", TABLE | {"open": True}),
        ("unknown lanes", TABLE | {"lanes": "Ajar"}),
        ("newer version", TABLE | {"version": 2}),
        ("no submission", {"version": 1, "lanes": "Open"}),
        ("no network", TABLE | {"submission": SUBMISSION | {"allowedNetworks": ["everybody"]}}),
        ("the whole internet", TABLE | {"submission": SUBMISSION | {"allowedNetworks": ["0.0.0.0/0"]}}),
        ("negative size", TABLE | {"submission": SUBMISSION | {"maxMessageSize": -1}}),
        ("too large", json.dumps(TABLE) + " " * MAX_SIZE),
    ],
)
def test_anything_else_closes(tmp_path: Path, name: str, content: object) -> None:
    before = rules(GateTable.model_validate(TABLE))
    found = read(written(tmp_path, content), before=before, now=5.0)
    assert isinstance(found, NoRules), name
    assert "gate.json" in found.error


def test_a_missing_table_closes(tmp_path: Path) -> None:
    assert isinstance(read(tmp_path / "gate.json", before=NONE, now=5.0), NoRules)


def test_bytes_that_are_no_text_close(tmp_path: Path) -> None:
    (tmp_path / "gate.json").write_bytes(b'{"reason": "\xff\xfe"}')
    assert isinstance(read(tmp_path / "gate.json", before=NONE, now=5.0), NoRules)


def test_closed_intake_keeps_its_beginning(tmp_path: Path) -> None:
    closed = TABLE | {"intake": "Closed"}
    first = read(written(tmp_path, closed), before=NONE, now=5.0)
    second = read(written(tmp_path, closed | {"lanes": "Closed"}), before=first, now=9.0)
    opened = read(written(tmp_path, TABLE), before=second, now=11.0)
    again = read(written(tmp_path, closed), before=opened, now=20.0)
    times = [found.closed_since for found in (first, second, opened, again) if isinstance(found, Rules)]
    assert times == [5.0, 5.0, None, 20.0]


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("egress address not verified", "egress address not verified"),
        ("two\r\nlines\x00", "two lines"),
        ("na\u00efve", "na ve"),
        ("x" * 500, "x" * 200),
        ("", ""),
    ],
)
def test_a_reason_becomes_one_line_of_ascii(text: str, reply: str) -> None:
    assert printable(text) == reply


def test_an_empty_reason_is_still_a_reason() -> None:
    assert rules(GateTable.model_validate(TABLE)).reason


def test_host_bits_do_not_matter() -> None:
    assert network("10.20.1.1/16") == network("10.20.0.0/16")


@given(st.ip_addresses(v=4), st.ip_addresses(v=4), st.integers(min_value=8, max_value=32))
def test_networks_agree_with_the_standard_library(address: object, base: object, length: int) -> None:
    from ipaddress import ip_address, ip_network

    number, mask = network(f"{base}/{length}")
    inside = ip_address(str(address)) in ip_network(f"{base}/{length}", strict=False)
    assert (ipv4(str(address)) & mask == number) is inside
