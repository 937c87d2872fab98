"""The tests' client: the right words to mailnetctl, typed results back, and no count from an incomplete record."""

import json

import pytest

from e2e.mailnet.client import IncompleteRecordError, Mailnet, Provider, Selection, Source
from e2e.mailnet.ctl import _parser, _request
from e2e.mailnet.events import Event, Outcome


class Container:
    """Answers with a prepared text and keeps what it was asked."""

    def __init__(self, answer: object) -> None:
        self.asked: list[list[str]] = []
        self._answer = answer if isinstance(answer, str) else json.dumps(answer)

    def run(self, arguments: list[str]) -> str:
        self.asked.append(arguments)
        return self._answer

    def requests(self) -> list[tuple[str, str, str]]:
        """What mailnetctl makes of the words it was given."""
        assert {words[0] for words in self.asked} == {"mailnetctl"}
        return [_request(_parser().parse_args(words[1:])) for words in self.asked]


def test_scripts_reach_the_control_interface() -> None:
    container = Container({"cleared": 7})
    mailnet = Mailnet(container.run)
    mailnet.set("google", [{"at": "rcpt", "share": "5%", "reply": "unknown"}])
    mailnet.echo({"stall": True})
    mailnet.reset()
    assert mailnet.clear() == 7
    assert container.requests() == [
        ("PUT", "/providers/google", '{"behaviour": [{"at": "rcpt", "share": "5%", "reply": "unknown"}]}'),
        ("PUT", "/echo", '{"stall": true}'),
        ("POST", "/reset", ""),
        ("POST", "/clear", ""),
    ]


def test_counts_become_a_table() -> None:
    groups = [
        {"source": "198.51.100.11", "provider": "google", "count": 5},
        {"source": "198.51.100.11", "provider": "yahoo", "count": 2},
    ]
    answer = {"by": ["source", "provider"], "groups": groups, "total": 7, "distinct": 7, "lost": 0}
    container = Container(answer)
    table = Mailnet(container.run).counts_by_source_and_provider()
    assert table == {Source("198.51.100.11"): {Provider("google"): 5, Provider("yahoo"): 2}}
    assert container.requests() == [("GET", "/counts?outcome=accepted&by=source%2Cprovider", "")]


def test_an_incomplete_record_is_an_error() -> None:
    container = Container({"by": [], "groups": [], "total": 7, "distinct": 7, "lost": 1})
    with pytest.raises(IncompleteRecordError):
        Mailnet(container.run).counts([])


def test_records_become_events() -> None:
    event = Event(
        seq=4, wall=1.5, mono=2.5, provider="google", source="198.51.100.11", session=3, helo="mx11.example.com",
        sender="s@example.com", recipient="r@gmail.com", message_id="<a@x>", outcome=Outcome.ACCEPTED, reply="250 OK",
        size=9, tls=True,
    )  # fmt: skip
    container = Container("\n".join([json.dumps(event._asdict())] * 2))
    wanted = Selection(since=1.0, after=3, message_id_prefix="a", provider="google", source="198.51.100.11")
    assert Mailnet(container.run).records(wanted) == [event, event]
    (request,) = container.requests()
    assert request[:2] == (
        "GET", "/records?since=1.0&after=3&message_id_prefix=a&provider=google&source=198.51.100.11",
    )  # fmt: skip


def test_message_ids_keep_duplicates() -> None:
    container = Container('{"message_id":"<a@x>"}\n{"message_id":"<a@x>"}\n')
    assert Mailnet(container.run).message_ids() == ["<a@x>", "<a@x>"]
