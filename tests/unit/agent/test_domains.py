"""Which domains are handed over when a provider is excluded."""

import pytest

from smtppool.agent.domains import DomainBook
from smtppool.api.documents import GateTable, SubmissionRule
from smtppool.policy import profiles


def test_nothing_is_excluded() -> None:
    book = DomainBook()
    book.learn("example.com", "google")
    assert book.of(()) == ()


def test_profiles_and_what_was_seen() -> None:
    book = DomainBook()
    book.learn("Brightpath.Example.", "google")
    assert book.of(["google"]) == ("brightpath.example", "gmail.com", "googlemail.com")
    assert "brightpath.example" not in book.of(["yahoo"])


def test_what_was_seen_last_counts() -> None:
    book = DomainBook()
    book.learn("moved.example", "google")
    book.learn("moved.example", "microsoft365")
    book.learn("gmail.com", "mimecast")  # whatever a profile says
    assert "moved.example" in book.of(["microsoft365"])
    assert "moved.example" not in book.of(["google"])
    assert "gmail.com" not in book.of(["google"])


def test_the_version_tells_of_news_only() -> None:
    book = DomainBook()
    book.learn("example.com", "google")
    before = book.version
    book.learn("example.com", "google")
    assert book.version == before
    book.learn("example.org", "google")
    assert book.version > before


def test_it_is_bounded_and_forgets_the_oldest() -> None:
    book = DomainBook(limit=3)
    for name in ("a.example", "b.example", "c.example", "a.example", "d.example"):
        book.learn(name, "mimecast")
    assert book.of(["mimecast"]) == ("a.example", "c.example", "d.example")


@pytest.mark.parametrize(
    "name", ["", ".", "-a.example", "a b.example", "b\u00fccher.example", "a" * 254, 'x".example', "a/b"]
)
def test_what_is_no_domain_is_left_out(name: str) -> None:
    book = DomainBook()
    book.learn(name, "mimecast")
    assert book.of(["mimecast"]) == ()


def test_a_gates_table_takes_all_that_it_gives() -> None:
    rule = SubmissionRule(max_message_size=1, max_recipients=1)
    for name in {name for _, name in profiles.domains()}:
        table = GateTable(handed_over=DomainBook().of([name]), submission=rule)
        assert GateTable.model_validate_json(table.model_dump_json(by_alias=True)) == table
