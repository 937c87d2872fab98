"""Which domains are handed over when a provider is excluded."""

from pathlib import Path

import pytest

from smtppool.agent.domains import MAX_BYTES, DomainBook
from smtppool.api.documents import MAX_DOMAINS, GateTable, Lanes, SubmissionRule
from smtppool.gate.table import MAX_SIZE, NoRules, Rules, read
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


def test_the_bytes_are_bounded_too() -> None:
    book = DomainBook(max_bytes=3 * len('"a.example",'))
    for name in ("a.example", "b.example", "c.example", "a.example"):
        book.learn(name, "mimecast")
    book.learn("b.example", "google")
    assert book.all() == {"c.example": "mimecast", "a.example": "mimecast", "b.example": "google"}
    book.learn("longer-one.example", "mimecast")
    assert list(book.all()) == ["b.example", "longer-one.example"]


@pytest.mark.parametrize("length", [253, 75, 12])
def test_a_gate_reads_the_table_whatever_was_submitted(tmp_path: Path, length: int) -> None:
    """All that a submitter chooses, and all else, at its longest."""
    book = DomainBook()
    names = [f"{number:06}{'x' * (length - 6)}" for number in range(MAX_DOMAINS + 100)]
    for name in names:
        book.learn(name, "google")
    networks = tuple(f"100.100.{number}.128/25" for number in range(100, 164))
    rule = SubmissionRule(allowed_networks=networks, max_message_size=10**12, max_recipients=10**12)
    table = GateTable(
        lanes=Lanes.HANDOVER,
        reason="\x01" * 512,
        handed_over=book.of({profile.name for profile in profiles.PROFILES}),
        submission=rule,
    )
    content = table.model_dump_json(by_alias=True)
    assert len(content) < MAX_SIZE
    (tmp_path / "gate.json").write_text(content)
    rules = read(tmp_path / "gate.json", before=NoRules(error=""), now=0.0)
    assert isinstance(rules, Rules)
    assert {names[-1], "gmail.com", "yahoo.com"} < rules.handed_over
    assert names[0] not in rules.handed_over
    kept = sum(len(name) + 3 for name in rules.handed_over)
    assert len(rules.handed_over) == MAX_DOMAINS or kept > MAX_BYTES - length - 3
