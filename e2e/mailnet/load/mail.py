"""The messages to send: numbered, each with its own sender and message id, all derived from the options alone."""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import NamedTuple

from e2e.mailnet.load import mix

_LINE = "The quick brown fox jumps over the lazy dog, and the relay keeps its queue.\r\n"


class Mail(NamedTuple):
    """One message before it is sent."""

    number: int
    sender: str
    recipient: str
    message_id: str
    size: int

    @property
    def content(self) -> bytes:
        """What follows DATA, with the final dot; about `size` bytes."""
        headers = (
            f"From: <{self.sender}>\r\nTo: <{self.recipient}>\r\nSubject: message {self.number}\r\n"
            f"Message-ID: {self.message_id}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n"
        )
        lines = max(1, (self.size - len(headers)) // len(_LINE))
        return f"{headers}{_LINE * lines}.\r\n".encode()


def mails(
    *, prefix: str, sender_domain: str, shares: Mapping[str, int], sizes: tuple[int, int] = (1024, 1024)
) -> Iterator[Mail]:
    """Without end; sizes step through the range so that a run is the same each time."""
    low, high = sizes
    domains = mix.domains(shares)
    for number in count():
        domain = next(domains)
        yield Mail(
            number=number,
            sender=f"{prefix}-s{number}@{sender_domain}",
            recipient=f"{prefix}-r{number}@{domain}",
            message_id=f"<{prefix}-{number}@{sender_domain}>",
            size=low + number * 7919 % (high - low + 1),  # 7919 is prime: all sizes of the range come up
        )
