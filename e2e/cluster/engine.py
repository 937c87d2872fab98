"""What runs the cluster's containers: the user's Docker, or a private engine. Both look the same from outside.

`environment` makes the docker client talk to it; `inside` is put before commands that must reach what it publishes.
"""

from dataclasses import dataclass
from typing import Protocol

from e2e.cluster.shell import CommandFailedError, Input, run, wait_until


class Engine(Protocol):
    """A Docker API somewhere."""

    @property
    def environment(self) -> dict[str, str]:
        """Variables for docker and kind."""

    @property
    def inside(self) -> tuple[str, ...]:
        """Words before a command that connects to a published port or to a container's address."""

    def start(self) -> None:
        """Make the Docker API answer; nothing to do if it does."""

    def stop(self) -> None:
        """End what `start` began, and what a crashed run left; never anything of the user's."""


@dataclass(frozen=True)
class UserDocker:
    """The daemon that `docker info` reaches; it is used, and never started or stopped."""

    environment: dict[str, str]
    inside: tuple[str, ...] = ()

    def start(self) -> None:
        run("docker", "info", env=self.environment, timeout=20)

    def stop(self) -> None:
        """The user's daemon stays."""


def docker(engine: Engine, *argv: str, stdin: Input = None, timeout: float = 120) -> str:
    """Output of one docker command on this engine."""
    return run("docker", *argv, env=engine.environment, stdin=stdin, timeout=timeout)


def exists(engine: Engine, kind: str, name: str) -> bool:
    """Whether the engine has a container, image or network of this name."""
    try:
        docker(engine, kind, "inspect", name)
    except CommandFailedError:
        return False
    return True


def container_address(engine: Engine, container: str, *, timeout: float = 20) -> str:
    """The IPv4 address of a container on its one network, as soon as it has one."""
    template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    found: list[str] = []

    def has_address() -> bool:
        found[:] = docker(engine, "container", "inspect", "-f", template, container).split()
        return bool(found)

    wait_until(has_address, reason=f"an address of container {container}", timeout=timeout)
    return found[0]
