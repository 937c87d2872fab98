"""Follows Postfix's log file through rotation, truncation and half-written lines, from where the last agent stopped.

The place is kept after the lines before it were handed on: after a kill a few lines may come twice, none is lost.
"""

import json
import logging
import os
from pathlib import Path
from typing import BinaryIO, Final

from smtppool.agent import files

log = logging.getLogger(__name__)

CHUNK: Final = 2**18
LONGEST_LINE: Final = 2**16


class LogTail:
    """Lines of one growing file. Blocking calls: run them off the event loop."""

    def __init__(self, *, path: Path, place: Path) -> None:
        self._path = path
        self._place = place
        self._file: BinaryIO | None = None
        self._rest = b""
        self.lag = 0  # bytes not read yet

    def read(self) -> list[str]:
        """The next complete lines, at most a chunk; empty when there is nothing new."""
        if self._file is None:
            self._file = self._open()
            if self._file is None:
                return []
        chunk = self._file.read(CHUNK)
        if not chunk:
            return self._next_file()
        self.lag = max(0, os.fstat(self._file.fileno()).st_size - self._file.tell())
        return self._lines(chunk)

    def keep_place(self) -> None:
        """Remember how far lines have been handed on."""
        if self._file is not None:
            place = {"inode": os.fstat(self._file.fileno()).st_ino, "offset": self._file.tell() - len(self._rest)}
            files.replace(self._place, json.dumps(place))

    def close(self) -> None:
        """Let go of the file; the next read opens it at the kept place."""
        if self._file is not None:
            self._file.close()
            self._file, self._rest = None, b""

    def _lines(self, chunk: bytes) -> list[str]:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            self._rest = b""
        return [line.decode(errors="replace") for line in lines]

    def _next_file(self) -> list[str]:
        """At the end of the file: go on to the file that has taken its name, or back if it became shorter."""
        assert self._file is not None  # noqa: S101 - only called with an open file
        status = os.fstat(self._file.fileno())
        if status.st_size < self._file.tell():
            log.warning("log file was truncated")
            self._file.seek(0)
            self._rest = b""
            return []
        try:
            current = self._path.stat()
        except FileNotFoundError:
            return []
        if (current.st_ino, current.st_dev) == (status.st_ino, status.st_dev):
            return []
        # Postfix writes to the renamed file until it reloads, and to the new one after that: what comes between the
        # last read and here is read now.
        last = self._lines(self._file.read())
        self._file.close()
        self._file, self._rest = self._path.open("rb", buffering=0), b""
        return last

    def _open(self) -> BinaryIO | None:
        """The file and place of the last agent, also if it was rotated since; else the file's beginning."""
        place = files.read_json(self._place) or {}
        for path in (self._path.with_name(f"{self._path.name}.1"), self._path):
            try:
                file = path.open("rb", buffering=0)
            except OSError:
                continue
            status = os.fstat(file.fileno())
            if status.st_ino == place.get("inode") and 0 <= place.get("offset", -1) <= status.st_size:
                file.seek(place["offset"])
                return file
            if path == self._path:
                return file
            file.close()
        return None
