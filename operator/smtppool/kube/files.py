"""Files that other processes read while they are written: always whole, by rename."""

import json
import os
from pathlib import Path
from typing import Any


def replace(path: Path, content: str) -> None:
    """Write the file so that a reader, and a restart after a kill, see the old content or the new."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(content)
    new.replace(path)


def replace_durable(path: Path, content: str) -> None:
    """Likewise, for what must survive the node: on disk when it returns, and nobody else's to read."""
    new = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def read_json(path: Path) -> Any | None:
    """Its content, or None when it is absent or not JSON."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
