"""Collects a message after DATA: finds its end, counts its size and keeps only its beginning, where the headers are."""

import re

_END = b"\r\n.\r\n"
_KEPT = 64 * 1024
_MESSAGE_ID = re.compile(rb"^message-id:[ \t]*(?:\r?\n[ \t]+)?(<[^>\r\n]{1,500}>)", re.IGNORECASE | re.MULTILINE)


class Collector:
    """One message on its way in; `feed` says when it is complete and what came after it."""

    def __init__(self) -> None:
        self.size = 0
        self._head = bytearray()
        self._tail = b"\r\n"  # a lone dot as the first line ends an empty message

    def feed(self, chunk: bytes) -> tuple[bool, bytes]:
        """Take bytes; returns (complete, bytes that belong to the next command)."""
        text = self._tail + chunk
        found = text.find(_END)
        if (room := _KEPT - len(self._head)) > 0:
            self._head += chunk[:room]
        if found < 0:
            self.size += len(chunk)
            self._tail = text[1 - len(_END) :]
            return False, b""
        self.size += found + 2 - len(self._tail)  # the dot may have come with an earlier chunk
        del self._head[self.size :]
        return True, text[found + len(_END) :]

    @property
    def message_id(self) -> str:
        """The Message-ID header with its angle brackets, or nothing."""
        headers = bytes(self._head).partition(b"\r\n\r\n")[0]
        found = _MESSAGE_ID.search(headers)
        return found.group(1).decode("ascii", "replace") if found else ""
