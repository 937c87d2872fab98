"""A place in the log that outlives the agent, and how its file is known again.

A file is known by how it begins, not by its inode alone: inodes are given out again, and a file can be emptied and
grow past the old place between two looks.
"""

import os
from typing import Any, BinaryIO, Final, NamedTuple
from zlib import crc32

HEAD: Final = 256  # bytes by which a file is known
TELLING_HEAD: Final = 64  # so many of them tell it without the inode


class Place(NamedTuple):
    """Where a line begins. `skipping`: in the middle of one that was given up for its length."""

    inode: int
    offset: int
    head_size: int = 0
    head_crc: int = 0
    skipping: bool = False

    @classmethod
    def of(cls, fields: Any) -> "Place | None":
        """From JSON; None for anything else."""
        names = cls._fields[:4]
        if not isinstance(fields, dict) or not all(type(fields.get(name, 0)) is int for name in names):
            return None
        numbers = {name: fields.get(name, 0) for name in names}
        known = "inode" in fields and numbers["offset"] >= 0 and 0 <= numbers["head_size"] <= HEAD
        return cls(**numbers, skipping=fields.get("skipping") is True) if known else None

    def is_in(self, file: BinaryIO) -> bool:
        """Whether this may be the file that the place was in; a copy of a volume has other inodes."""
        same_inode = os.fstat(file.fileno()).st_ino == self.inode
        head = os.pread(file.fileno(), self.head_size, 0)
        same_head = (len(head), crc32(head)) == (self.head_size, self.head_crc)
        return same_head and (same_inode or self.head_size >= TELLING_HEAD)
