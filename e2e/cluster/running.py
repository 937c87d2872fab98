"""What `up` decided, kept beside the running cluster, so that every later command uses the same engine and image."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster.detect import Choice
from e2e.cluster.engine import Engine, UserDocker
from e2e.cluster.errors import ClusterError
from e2e.cluster.private_engine import PrivateEngine
from e2e.cluster.settings import Settings


class NoClusterError(ClusterError):
    """There is no cluster of this prefix."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """A choice in force; `docker_host` is the user's at the time of `up`."""

    choice: Choice
    docker_host: str

    def engine(self, settings: Settings) -> Engine:
        if self.choice.engine == "private":
            return PrivateEngine(settings)
        return UserDocker({"DOCKER_HOST": self.docker_host} if self.docker_host else {})


def remember(choice: Choice, settings: Settings) -> Running:
    settings.run.mkdir(parents=True, exist_ok=True)
    docker_host = "" if choice.engine == "private" else os.environ.get("DOCKER_HOST", "")
    record = {
        "engine": choice.engine,
        "node_image": choice.node_image,
        "reason": choice.reason,
        "docker_host": docker_host,
    }
    _file(settings).write_text(json.dumps(record))
    return Running(choice=choice, docker_host=docker_host)


def recall(settings: Settings) -> Running:
    """The choice of the cluster that is up (or was, when a run crashed)."""
    if not _file(settings).exists():
        raise NoClusterError(f"no cluster {settings.prefix!r} is up: python -m e2e.cluster up")
    record = json.loads(_file(settings).read_text())
    choice = Choice(engine=record["engine"], node_image=record["node_image"], reason=record["reason"])
    return Running(choice=choice, docker_host=record["docker_host"])


def _file(settings: Settings) -> Path:
    return settings.run / "choice.json"
