"""What `postqueue -j` says, in pieces of any size."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.agent import listing
from smtppool.agent.domains import DomainBook
from smtppool.agent.listing import Listing, ListingError
from smtppool.agent.queuemetrics import QueueCollector
from smtppool.api.documents import QueueDepth
from smtppool.api.outcomes import MAX_PROVIDERS, OTHER
from smtppool.api.queue_details import ProviderQueue


def entry(queue_name: str, *addresses: str, reason: str = "", **fields: Any) -> bytes:
    recipients = [{"address": one} | ({"delay_reason": reason} if reason else {}) for one in addresses]
    told = {"queue_name": queue_name, "queue_id": "4gZq1x2Y3Zz9", **fields, "recipients": recipients}
    return json.dumps(told).encode() + b"\n"


def counted(*pieces: bytes, **of: Any) -> Listing:
    result = Listing(**of)
    for piece in pieces:
        result.feed(piece)
    result.end()
    return result


def test_messages_are_counted_by_queue() -> None:
    names = ("active", "active", "deferred", "incoming", "hold", "maildrop")
    told = counted(*(entry(name, "a@b.c", "d@e.f") for name in names))
    assert told.messages == {"incoming": 2, "active": 2, "deferred": 1, "hold": 1}


def test_an_entry_without_recipients_is_done() -> None:
    assert sum(counted(entry("incoming"), b"\n").messages.values()) == 0


@pytest.mark.parametrize("line", [b"postqueue: warning: mail system is down\n", b"[]\n", b'{"queue_name": "act'])
def test_what_is_no_listing_is_an_error(line: bytes) -> None:
    with pytest.raises(ListingError, match="postqueue -j"):
        counted(line)


@given(st.lists(st.integers(0, 3), max_size=4), st.integers(1, 40))
def test_the_size_of_the_pieces_is_nothing_to_the_count(recipients: list[int], size: int) -> None:
    output = b"".join(entry("active", *["a@b.c"] * count) for count in recipients)
    pieces = [output[at : at + size] for at in range(0, len(output), size)]
    assert counted(*pieces).messages["active"] == sum(count > 0 for count in recipients)


@pytest.mark.parametrize("reason", ["x" * 1000, '"}, {"address": "', "x" * 2 * listing.LONGEST, "é" * 999])
def test_a_line_without_end_is_counted_by_its_head(reason: str) -> None:
    recipients = 1 + 2 * listing.LONGEST // len(reason)
    told = counted(entry("deferred", *["a@b.c"] * recipients, reason=reason), entry("active", "a@b.c"))
    assert (told.messages["deferred"], told.messages["active"]) == (1, 1)


def test_text_that_is_no_utf8_makes_no_queue_unreadable() -> None:
    assert counted(entry("active", "a@b.c", reason="x").replace(b'"x"', b'"\xe9"')).messages["active"] == 1


def test_the_oldest_message_and_the_messages_by_provider() -> None:
    told = counted(
        entry("deferred", "a@GMail.com", "b@gmail.com", "c@yahoo.com", arrival_time=2000),
        entry("hold", "d@gmail.com", "e@example.com", arrival_time=1000),
        entry("incoming", arrival_time=1),
    )
    assert told.depth(corrupt=2) == QueueDepth(
        deferred=1,
        hold=1,
        corrupt=2,
        oldest_arrival="1970-01-01T00:16:40Z",
        providers=(
            ProviderQueue(provider="google", messages=2, oldest_arrival="1970-01-01T00:16:40Z"),
            ProviderQueue(provider=OTHER, messages=1, oldest_arrival="1970-01-01T00:16:40Z"),
            ProviderQueue(provider="yahoo", messages=1, oldest_arrival="1970-01-01T00:33:20Z"),
        ),
    )


def test_bounces_are_told_apart_by_their_empty_sender() -> None:
    told = counted(
        entry("deferred", "a@b.c", sender="MAILER-DAEMON", arrival_time=1000),
        entry("active", "a@b.c", sender="MAILER-DAEMON", arrival_time=2000),
        entry("hold", "a@b.c", sender="MAILER-DAEMON", arrival_time=3000),
        entry("active", "a@b.c", sender="MAILER-DAEMON@example.com", arrival_time=4000),
        entry("incoming", sender="MAILER-DAEMON", arrival_time=5000),
    ).depth(corrupt=0)
    assert (told.messages, told.bounces, told.newest_bounce) == (4, 2, "1970-01-01T00:33:20Z")


def test_a_domain_belongs_to_the_provider_whose_host_answered_for_it() -> None:
    book = DomainBook()
    book.learn("customer.example", "google")
    told = counted(entry("active", "a@Customer.example", "b@yahoo.com", "local"), provider_of=book.provider)
    assert sorted(told.providers) == ["google", OTHER, "yahoo"]


def test_providers_are_bounded() -> None:
    addresses = [f"a@{n}.example" for n in range(2 * MAX_PROVIDERS)]
    told = counted(*(entry("active", one) for one in addresses), provider_of=lambda domain: f"p{domain.split('.')[0]}")
    assert len(told.depth(corrupt=0).providers) == MAX_PROVIDERS
    assert told.providers[OTHER].messages == MAX_PROVIDERS + 1


def test_ages_and_sizes_by_queue() -> None:
    messages = (entry("active", "a@b.c", arrival_time=arrival, message_size=2000) for arrival in (995, 0, 1010))
    told = counted(*messages, now=1000.0)
    assert told.ages["active"].counts == [2, 0, 1, 0, 0, 0, 0, 0, 0]
    assert told.sizes["active"].counts == [0, 3, 0, 0, 0, 0, 0, 0]


def test_what_a_scrape_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1600.0)
    collector = QueueCollector()
    assert list(collector.collect()) == []
    collector.show(counted(entry("deferred", "a@gmail.com", arrival_time=1000, message_size=2000)))
    told = {(one.name, *one.labels.values()): one.value for metric in collector.collect() for one in metric.samples}
    assert told["smtppool_queue_oldest_seconds",] == 600
    assert told["smtppool_queue_provider_messages", "google"] == 1
    assert told["smtppool_queue_provider_oldest_seconds", "google"] == 600
    assert told["postfix_showq_message_age_seconds_bucket", "deferred", "1000.0"] == 1
    assert told["postfix_showq_message_age_seconds_count", "active"] == 0
    assert told["postfix_showq_message_size_bytes_sum", "deferred"] == 2000
    collector.show(None)
    assert list(collector.collect()) == []
