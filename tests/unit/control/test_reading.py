"""Reports are untrusted: whatever a ConfigMap holds, reading gives a document, nothing, or "invalid"."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.api.documents import Report
from smtppool.api.names import REPORT_KEY
from smtppool.api.outcomes import WindowName
from smtppool.api.smtpserver import SmtpServerSpec
from smtppool.control.reading import MAX_REPORT, Reader, Reading

GOOD = {"server": "mx1", "podUid": "u1", "queue": {"deferred": 3}, "somethingNewer": {"a": 1}}


def config_map(data: Any, version: str = "1") -> dict[str, Any]:
    return {"metadata": {"uid": "cm", "resourceVersion": version}, "data": data}


def counted(window: str, **counts: int) -> list[dict[str, Any]]:
    """Outcomes at one provider in one window."""
    return [{"provider": "google", "windows": {window: counts}}]


def test_outcomes_are_read() -> None:
    """Else the garbage below would be refused for its form alone."""
    text = json.dumps(GOOD | {"outcomes": counted("1m", delivered=1)})
    report = Reader().report(config_map({REPORT_KEY: text}), server="mx1").document
    assert report is not None
    assert report.outcomes[0].windows[WindowName.MINUTE].delivered == 1


def test_a_report_of_a_newer_agent_is_read() -> None:
    report = Reader().report(config_map({REPORT_KEY: json.dumps(GOOD)}), server="mx1").document
    assert report is not None
    assert report.queue is not None
    assert report.queue.messages == 3


@pytest.mark.parametrize("data", [None, {}, {"other": "x"}, {REPORT_KEY: ""}])
def test_no_text_is_no_report(data: Any) -> None:
    assert Reader().report(config_map(data), server="mx1") == Reading()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "null",
        "[]",
        "[" * 100_000,
        json.dumps(GOOD | {"server": "mx2"}),
        json.dumps(GOOD | {"sessions": -1}),
        json.dumps(GOOD | {"outcomes": counted("1m", delivered=-1)}),
        json.dumps(GOOD | {"outcomes": counted("-1m", delivered=1)}),
        json.dumps(GOOD | {"queue": {"active": 10**30}}),
        json.dumps(GOOD) + " " * MAX_REPORT,
    ],
    ids=["cut", "null", "list", "deep", "another server", "negative", "count < 0", "window < 0", "huge", "long"],
)
def test_garbage_is_invalid(text: str) -> None:
    assert Reader().report(config_map({REPORT_KEY: text}), server="mx1") == Reading(invalid=True)


@given(
    st.text() | st.binary().map(repr) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps)
)
def test_no_text_raises(text: str) -> None:
    reading: Reading[Report] = Reader().report(config_map({REPORT_KEY: text}), server="mx1")
    assert reading.document is None or reading.document.server == "mx1"


def test_each_version_is_parsed_once_and_the_next_one_anew() -> None:
    reader = Reader()
    first = reader.report(config_map({REPORT_KEY: json.dumps(GOOD)}), server="mx1")
    assert reader.report(config_map({REPORT_KEY: "garbage"}), server="mx1") is first
    assert reader.report(config_map({REPORT_KEY: "garbage"}, "2"), server="mx1").invalid


def test_a_spec_is_parsed_once_for_each_generation() -> None:
    reader = Reader()
    body: dict[str, Any] = {"metadata": {"uid": "s", "generation": 1}, "spec": {"weight": 300}}
    assert "spec.weight" in reader.spec(body, SmtpServerSpec)[1]
    body["spec"] = {"weight": 1}
    assert "spec.weight" in reader.spec(body, SmtpServerSpec)[1]
    body["metadata"]["generation"] = 2
    assert "spec.weight" not in reader.spec(body, SmtpServerSpec)[1]
