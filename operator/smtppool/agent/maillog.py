"""Follows Postfix's log file through rotation, truncation and half-written lines, from wherever it is told to begin.

What became of the file meanwhile is counted: emptied, deleted, or gone when the agent came back.
"""

import logging
import os
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple
from zlib import crc32

from smtppool.agent.logplace import HEAD, Place

log = logging.getLogger(__name__)

CHUNK: Final = 2**18
LONGEST_LINE: Final = 2**16


class Chunk(NamedTuple):
    """Complete lines. `told`: an earlier process handed them on; `at_end`: there was nothing more to read."""

    lines: list[bytes]
    told: bool = False
    at_end: bool = False


class LogTail:
    """Lines of one growing file. Blocking calls: run them off the event loop."""

    def __init__(self, *, path: Path) -> None:
        self._path = path
        self._start: Place | None = None
        self.before: Place | None = None  # the end of the rotated file that was read: nobody begins it again
        self._told: Place | None = None
        self._told_file: tuple[int, int] | None = None
        self._file: BinaryIO | None = None
        self._head = b""
        self._rest = b""
        self._skipping = False
        self.lag = 0  # bytes not read yet
        self.long_lines = 0
        self.truncations = 0
        self.lost_files = 0
        self._deleted = False  # the file that is being read: counted

    def begin_at(self, start: Place | None, *, told: Place | None = None, before: Place | None = None) -> None:
        """Where to begin (if that is gone, at `before`; else at the oldest line), and up to where lines were told."""
        self.close()
        self._start, self._told, self.before = start, told, before

    def read(self) -> Chunk:
        """The next complete lines, at most a chunk."""
        if self._file is None and not self._open():
            return Chunk([], at_end=True)
        assert self._file is not None  # noqa: S101 - opened above
        self._look_for_truncation(self._file)
        told = self._told_bytes(self._file)
        chunk = self._file.read(min(CHUNK, told) if told else CHUNK)
        self.lag = max(0, os.fstat(self._file.fileno()).st_size - self._file.tell())
        if chunk:
            return Chunk(self._lines(chunk), told=told > 0)
        return Chunk([], at_end=not self._next_file(self._file))

    def place(self) -> Place | None:
        """Where the first line begins that was not handed on yet."""
        if self._file is None:
            return self._start
        inode, offset = os.fstat(self._file.fileno()).st_ino, self._file.tell() - len(self._rest)
        return Place(inode, offset, len(self._head), crc32(self._head), self._skipping)

    def close(self) -> None:
        """Let go of the file; the next read goes on at the same place."""
        if self._file is not None:
            self._start = self.place()
            self._file.close()
            self._file, self._rest = None, b""

    def _lines(self, chunk: bytes) -> list[bytes]:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if self._skipping and lines:
            del lines[0]
            self._skipping = False
        if self._skipping or len(self._rest) > LONGEST_LINE:
            self.long_lines += not self._skipping
            self._rest, self._skipping = b"", True
        return lines

    def _look_for_truncation(self, file: BinaryIO) -> None:
        """Begin again in a file that begins otherwise; go on at the end of one that has lost its end."""
        head = os.pread(file.fileno(), HEAD, 0)
        if not head.startswith(self._head) and not self._head.startswith(head):
            self._truncated(file, 0)
            self._told = None
        elif file.tell() > (size := os.fstat(file.fileno()).st_size):
            self._truncated(file, size)
        self._head = head

    def _truncated(self, file: BinaryIO, place: int) -> None:
        log.warning("log file was truncated", extra={"offset": file.tell()})
        self.truncations += 1
        file.seek(place)
        self._rest = b""
        self._skipping = place > 0 and os.pread(file.fileno(), 1, place - 1) != b"\n"

    def _look_for_deletion(self, file: BinaryIO) -> None:
        """A renamed file has a name still. What Postfix goes on to write there is read, but not by the next agent."""
        if not self._deleted and not os.fstat(file.fileno()).st_nlink:
            self._deleted = True
            self._lost("log file was deleted")

    def _lost(self, what: str) -> None:
        log.warning(what)
        self.lost_files += 1

    def _told_bytes(self, file: BinaryIO) -> int:
        """How much from here on was told before: all up to the place, which is in this file or in the next."""
        if self._told is None or self._told_file is None:
            return 0
        left = max(0, self._told.offset - file.tell()) if _identity(file) == self._told_file else CHUNK
        if not left:
            self._told = None  # files and places only go forward
        return left

    def _next_file(self, file: BinaryIO) -> bool:
        """At the end of the file: go on to the file that has taken its name, if one has."""
        self._look_for_deletion(file)
        new = _opened(self._path)
        if new is None:
            return False
        if _identity(new) == _identity(file):
            new.close()
            return False
        # Postfix writes to the renamed file until it opens the new one: what came between the last read and here.
        late = file.read(CHUNK)
        if late:
            new.close()
            file.seek(-len(late), os.SEEK_CUR)
            return True
        self._look_for_deletion(file)
        if not self._deleted:  # renamed; of a deleted one nothing can be begun again
            self.before = self.place()
        file.close()
        self._take(new, 0)
        return True

    def _open(self) -> bool:
        """The file that the start is in, also if it was rotated since; else the one read before; else the oldest."""
        files = [_opened(self._path.with_name(f"{self._path.name}.1")), _opened(self._path)]
        there = [file for file in files if file is not None]
        found = ((place, _found(place, there)) for place in (self._start, self.before))
        start, chosen = next(((place, file) for place, file in found if file), (None, there[0] if there else None))
        told = _found(self._told, there[there.index(chosen) :]) if chosen else None
        self._told_file = _identity(told) if told else None
        for file in there:
            if file is not chosen:
                file.close()
        if chosen is not None and start is not self._start:
            self._lost("log file that was being read is gone: lines may be missing")
        if chosen is not None:
            self._take(chosen, start.offset if start else 0, skipping=start.skipping if start else False)
        return chosen is not None

    def _take(self, file: BinaryIO, offset: int, *, skipping: bool = False) -> None:
        file.seek(offset)
        self._file, self._rest, self._skipping, self._deleted = file, b"", skipping, False
        self._head = os.pread(file.fileno(), HEAD, 0)


def _found(place: Place | None, files: list[BinaryIO]) -> BinaryIO | None:
    """The file of a place: by inode and beginning, else by the beginning alone."""
    possible = [file for file in files if place is not None and place.is_in(file)]
    same = [file for file in possible if place is not None and os.fstat(file.fileno()).st_ino == place.inode]
    return next(iter(same + possible), None)


def _opened(path: Path) -> BinaryIO | None:
    try:
        return path.open("rb", buffering=0)
    except OSError:
        return None


def _identity(file: BinaryIO) -> tuple[int, int]:
    status = os.fstat(file.fileno())
    return status.st_dev, status.st_ino
