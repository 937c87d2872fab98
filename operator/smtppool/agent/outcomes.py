"""What became of each recipient, once: the memory that Postfix' log needs to be counted right.

Postfix tells a fate again after a crash, and an expiry only for the message as a whole: its recipients are those that
were deferred and have no fate yet. A message is forgotten when it leaves the queue. Memory is bounded: the messages
that were heard of longest ago are forgotten first.
"""

from collections import OrderedDict
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final
from zlib import crc32

MAX_MESSAGES: Final = 20_000  # Postfix has at most so many active: qmgr_message_active_limit
MAX_RECIPIENTS: Final = 200_000
MAX_KEPT: Final = 5_000  # messages in the file


class Message:
    """Recipients by the CRC of their address: `done` have a fate, `waiting` were deferred, with the provider."""

    __slots__ = ("done", "notification", "waiting")

    def __init__(self) -> None:
        self.done: set[int] = set()
        self.waiting: dict[int, str] = {}
        self.notification = False

    def __len__(self) -> int:
        return len(self.done) + len(self.waiting)


class Outcomes:
    """Says once per recipient of a message that its fate is final."""

    def __init__(self, *, messages: int = MAX_MESSAGES, recipients: int = MAX_RECIPIENTS) -> None:
        self._limits = (messages, recipients)
        self._messages: OrderedDict[bytes, Message] = OrderedDict()
        self._recipients = 0

    def first(self, queue_id: bytes, recipient: bytes) -> bool:
        """A final status was logged: whether it is the first of this recipient of this message."""
        message, key = self._message(queue_id), crc32(recipient)
        if key in message.done:
            return False
        if message.waiting.pop(key, None) is None:
            self._recipients += 1
        message.done.add(key)
        self._make_room()
        return True

    def deferred(self, queue_id: bytes, recipient: bytes, provider: str) -> None:
        """Not yet: a provider, or our own queue manager, put the recipient off."""
        message, key = self._message(queue_id), crc32(recipient)
        if key in message.done:
            return
        if key not in message.waiting:
            self._recipients += 1
        message.waiting[key] = provider
        self._messages.move_to_end(queue_id)
        self._make_room()

    def expired(self, queue_id: bytes) -> list[str]:
        """The message is given up: providers of the recipients whose fate that is."""
        message = self._messages.get(queue_id)
        if message is None:
            return []
        message.done.update(message.waiting)
        providers, message.waiting = list(message.waiting.values()), {}
        return providers

    def is_notification(self, queue_id: bytes) -> bool:
        """Whether the message was seen to have an empty sender."""
        message = self._messages.get(queue_id)
        return message is not None and message.notification

    def empty_sender(self, queue_id: bytes) -> None:
        """The message is a notification, such as a bounce."""
        self._message(queue_id).notification = True
        self._make_room()

    def forget(self, queue_id: bytes) -> None:
        """The message has left the queue: there will be no more lines."""
        message = self._messages.pop(queue_id, None)
        if message is not None:
            self._recipients -= len(message)

    def _message(self, queue_id: bytes) -> Message:
        message = self._messages.get(queue_id)
        if message is None:
            message = self._messages[queue_id] = Message()
        return message

    def _make_room(self) -> None:
        messages, recipients = self._limits
        while len(self._messages) > messages or (self._recipients > recipients and len(self._messages) > 1):
            _, oldest = self._messages.popitem(last=False)
            self._recipients -= len(oldest)

    def dump(self) -> dict[str, Any]:
        """For the file: the newest messages."""
        newest = islice(reversed(self._messages.items()), MAX_KEPT)
        return {
            queue_id.decode("ascii"): [message.notification, list(message.done), dict(message.waiting)]
            for queue_id, message in reversed(list(newest))
        }

    def restore(self, dumped: Mapping[str, Any]) -> None:
        """Take in what `dump` gave; ValueError, TypeError, KeyError or AttributeError for anything else."""
        for queue_id, (notification, done, waiting) in dumped.items():
            message = self._message(queue_id.encode("ascii"))
            message.notification = bool(notification)
            message.done = {int(key) for key in done}
            message.waiting = {int(key): str(provider) for key, provider in waiting.items()}
            self._recipients += len(message)
            self._make_room()
