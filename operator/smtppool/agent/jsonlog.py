"""JSON lines on stdout: what the agent says about itself. Delivery events go their own way (`deliveries.py`)."""

import logging
import sys
from typing import Any, TextIO

from smtppool.kube.jsonlog import JsonLines

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(JsonLines):
    """Loggers by their last name; what was passed as `extra` becomes fields."""

    def entry(self, record: logging.LogRecord) -> dict[str, Any]:
        """The fields come last."""
        fields = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        return super().entry(record) | {"logger": record.name.rpartition(".")[2]} | fields


def configure(stream: TextIO | None = None) -> None:
    """Send all logging to stdout as JSON lines."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
