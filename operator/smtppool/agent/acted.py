"""What Postfix was last told of the gate's answers, on the pod's memory volume: it outlives an agent that is killed.

What the gate does and what Postfix was told of it differ when the agent ends, or the gate is slow, in between.
"""

import logging
import time
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from smtppool.api.base import Label, Model
from smtppool.api.documents import Lanes
from smtppool.api.outcomes import MAX_PROVIDERS
from smtppool.kube import files

log = logging.getLogger(__name__)

FRESH: Final = 300.0  # seconds in which a flush that an earlier process asked for may not have come about


class Acted(Model):
    """Lanes and excluded providers for which Postfix was asked to reload, or to flush, as far as they need it."""

    lanes: Lanes = Lanes.CLOSED
    excluded: Annotated[tuple[Label, ...], Field(max_length=MAX_PROVIDERS)] = ()


def restore(path: Path) -> Acted:
    """As an earlier process of this pod left it; a new pod's Postfix was told nothing, and its lanes are closed."""
    try:
        return Acted.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Acted()
    except (OSError, ValueError) as error:
        log.warning("not known what Postfix was told; told again", extra={"cause": repr(error)})
        return Acted()


def keep(path: Path, acted: Acted) -> None:
    """OSError when it cannot be written."""
    files.replace(path, acted.model_dump_json(by_alias=True))


def is_fresh(path: Path) -> bool:
    """Whether it was written a moment ago: the flush is tried for some time, by a process that may be gone."""
    try:
        return time.time() - path.stat().st_mtime < FRESH
    except OSError:
        return False
