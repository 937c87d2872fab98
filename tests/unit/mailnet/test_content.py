"""The end of a message is found however the bytes arrive, and its Message-ID however the header is written."""

import pytest

from e2e.mailnet.content import Collector

MESSAGE = b"Message-ID: <a@b>\r\nSubject: x\r\n\r\nline\r\n..dot\r\n"


@pytest.mark.parametrize("step", range(1, 12))
def test_any_fragmentation(step: int) -> None:
    collector, wire = Collector(), MESSAGE + b".\r\nQUIT\r\n"
    rest, complete, taken = b"", False, 0
    while not complete:
        complete, rest = collector.feed(wire[taken : taken + step])
        taken += step
    assert rest + wire[taken:] == b"QUIT\r\n"
    assert collector.size == len(MESSAGE)
    assert collector.message_id == "<a@b>"


def test_empty_message() -> None:
    collector = Collector()
    assert collector.feed(b".\r\nRSET\r\n") == (True, b"RSET\r\n")
    assert collector.message_id == ""


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"MESSAGE-id:<x@y>\r\n", "<x@y>"),
        (b"Message-ID:\r\n <folded@y>\r\n", "<folded@y>"),
        (b"Subject: Message-ID: <no@y>\r\n", ""),
        (b"Subject: x\r\n\r\nMessage-ID: <body@y>\r\n", ""),
    ],
)
def test_message_id(head: bytes, found: str) -> None:
    collector = Collector()
    collector.feed(head + b"\r\n.\r\n")
    assert collector.message_id == found


def test_a_large_message_is_counted_but_not_kept() -> None:
    collector = Collector()
    for _ in range(100):
        assert collector.feed(b"x" * 65536) == (False, b"")
    assert collector.feed(b"\r\n.\r\n")[0]
    assert collector.size == 100 * 65536 + 2
