"""One JSON line per important event on stdout, so that a container's log can be read by people and programs."""

import json
import sys
import time


def emit(event: str, **fields: object) -> None:
    """Write one line now."""
    line = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "event": event, **fields}
    print(json.dumps(line, default=str), file=sys.stdout, flush=True)
