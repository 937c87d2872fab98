"""What `postqueue -j` says, in pieces of any size."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.agent import listing
from smtppool.agent.listing import Listing, ListingError


def entry(queue_name: str, *addresses: str, reason: str = "", **fields: Any) -> bytes:
    recipients = [{"address": one} | ({"delay_reason": reason} if reason else {}) for one in addresses]
    told = {"queue_name": queue_name, "queue_id": "4gZq1x2Y3Zz9", **fields, "recipients": recipients}
    return json.dumps(told).encode() + b"\n"


def counted(*pieces: bytes) -> Listing:
    result = Listing()
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
