"""Framing of Postfix's two protocols: policy requests end with an empty line, socketmap speaks netstrings.

Works on what has arrived so far and returns what is left over; a stream that cannot be understood any more is an error,
as the next request in it could not be found.
"""

from smtppool.gate.verdict import Attributes

MAX_REQUEST = 64 * 1024
MAX_LENGTH_DIGITS = 6


class FramingError(ValueError):
    """The stream is broken: answer, then close."""


def policy_requests(buffer: bytes) -> tuple[list[bytes], bytes]:
    """Complete requests without their final empty line, and the rest."""
    *requests, rest = buffer.split(b"\n\n")
    if len(rest) > MAX_REQUEST:
        raise FramingError(f"a request of more than {MAX_REQUEST} bytes")
    return requests, rest


def attributes(request: bytes) -> Attributes:
    """The attributes of one policy request; ValueError for a line that is none, or one that stands twice."""
    pairs = [line.partition(b"=") for line in request.split(b"\n")]
    if any(not separator or not name for name, separator, _ in pairs):
        raise ValueError("a line without name=value")
    found = {name: value for name, _, value in pairs}
    if len(found) != len(pairs):
        raise ValueError("an attribute stands twice")
    return found


def netstrings(buffer: bytes) -> tuple[list[bytes], bytes]:
    """Complete strings, and the rest."""
    found: list[bytes] = []
    while True:
        digits, colon, rest = buffer.partition(b":")
        _check_length(digits)
        if not colon:
            return found, buffer
        if not digits:
            raise FramingError("a netstring without its length")
        length = int(digits)
        if length > MAX_REQUEST:
            raise FramingError(f"a netstring of {length} bytes")
        if len(rest) <= length:
            return found, buffer
        if rest[length : length + 1] != b",":
            raise FramingError("a netstring without its comma")
        found.append(rest[:length])
        buffer = rest[length + 1 :]


def netstring(text: str) -> bytes:
    """One reply."""
    content = text.encode("ascii", "replace")
    return b"%d:%s," % (len(content), content)


def _check_length(digits: bytes) -> None:
    if len(digits) > MAX_LENGTH_DIGITS or (digits and not digits.isdigit()):
        raise FramingError("a netstring without its length")
