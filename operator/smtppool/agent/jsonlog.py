"""JSON lines on stdout: what the agent says about itself. Delivery events go their own way (`deliveries.py`)."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """One line per record; what was passed as `extra` becomes fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger and message first, then the fields, then the error."""
        entry = {
            "time": timestamp(record.created),
            "level": record.levelname.lower(),
            "logger": record.name.rpartition(".")[2],
            "message": record.getMessage(),
        }
        entry |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


def timestamp(seconds: float) -> str:
    """UTC RFC 3339 with milliseconds, the form of `documents.Timestamp`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def configure(stream: TextIO | None = None) -> None:
    """Send all logging to stdout as JSON lines."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
