"""Logs as one JSON object per line: what the lines of all programs have in common."""

import json
import logging
from datetime import UTC, datetime
from typing import Any


class JsonLines(logging.Formatter):
    """One line per record. What libraries pass as `extra` is left out: it may hold anything."""

    def format(self, record: logging.LogRecord) -> str:
        """ASCII alone, so that no text can fail to be written."""
        return json.dumps(self.entry(record), default=str)

    def entry(self, record: logging.LogRecord) -> dict[str, Any]:
        """time, level, logger, message, and the traceback of an error."""
        entry: dict[str, Any] = {
            "time": timestamp(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return entry


def timestamp(seconds: float) -> str:
    """UTC RFC 3339 with milliseconds, the form of `documents.Timestamp`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
