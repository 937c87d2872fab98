"""Logs as one JSON object per line on stderr. What kopf says of its own work is of interest only when it warns."""

import logging
import sys

from smtppool.kube.jsonlog import JsonLines


def set_up_logs(level: str) -> None:
    """The root logger, and nothing else on stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("kopf", "aiohttp.access", "asyncio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))
