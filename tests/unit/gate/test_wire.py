"""Framing: any split of a stream gives the same requests, and a broken stream is an error."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.gate import wire

POLICY = b"request=smtpd_access_policy\nsender=\nname=a=b\n\n"


@given(st.lists(st.integers(min_value=0, max_value=2 * len(POLICY)), max_size=6))
def test_policy_requests_survive_any_split(cuts: list[int]) -> None:
    stream, found, rest = POLICY + POLICY, list[bytes](), b""
    edges = [0, *sorted(cuts), len(stream)]
    for begin, end in itertools.pairwise(edges):
        requests, rest = wire.policy_requests(rest + stream[begin:end])
        found += requests
    assert (found, rest) == ([POLICY[:-2]] * 2, b"")


@given(st.lists(st.binary(max_size=300), max_size=5), st.integers(min_value=1, max_value=40))
def test_netstrings_survive_any_split(texts: list[bytes], step: int) -> None:
    stream = b"".join(b"%d:%s," % (len(text), text) for text in texts)
    found, rest = list[bytes](), b""
    for begin in range(0, len(stream), step):
        strings, rest = wire.netstrings(rest + stream[begin : begin + step])
        found += strings
    assert (found, rest) == (texts, b"")


@pytest.mark.parametrize(
    ("name", "stream"),
    [
        ("no length", b":abc,"),
        ("a word for a length", b"abc:abc,"),
        ("negative", b"-1:a,"),
        ("too long a number", b"0000001"),
        ("too large", b"65537:"),
        ("no comma", b"3:abcd"),
    ],
)
def test_broken_netstrings(name: str, stream: bytes) -> None:
    with pytest.raises(wire.FramingError):
        wire.netstrings(stream)


def test_an_endless_policy_request() -> None:
    with pytest.raises(wire.FramingError):
        wire.policy_requests(b"a" * (wire.MAX_REQUEST + 1))


def test_attributes() -> None:
    expected = {b"request": b"smtpd_access_policy", b"sender": b"", b"name": b"a=b"}
    assert wire.attributes(POLICY[:-2]) == expected


@pytest.mark.parametrize("request_", [b"", b"word", b"=value", b"a=1\n=2", b"a=1\na=2"])
def test_broken_attributes(request_: bytes) -> None:
    with pytest.raises(ValueError, match=r"line|twice"):
        wire.attributes(request_)


def test_a_reply_is_a_netstring_of_ascii() -> None:
    assert wire.netstring("TEMP \u00fc") == b"6:TEMP ?,"
