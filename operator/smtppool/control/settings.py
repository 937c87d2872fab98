"""What the Deployment tells the operator: by environment variables only, checked once at start."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from smtppool.api.base import Network
from smtppool.render.identity import Image

_NETWORKS = TypeAdapter(tuple[Network, ...])
LEVELS = ("debug", "info", "warning", "error")


class SettingsError(Exception):
    """A variable is missing or wrong; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`lease_name` None: there is only this replica."""

    operator_namespace: str
    identity: str
    relay_image: Image
    cluster_networks: tuple[str, ...]
    metrics_port: int
    log_level: str
    lease_name: str | None
    kubeconfig: Path | None


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Raises SettingsError."""
    kubeconfig = environment.get("KUBECONFIG")
    return Settings(
        operator_namespace=_required(environment, "POD_NAMESPACE"),
        identity=environment.get("POD_NAME") or "smtppool-operator",
        relay_image=Image(
            reference=_required(environment, "RELAY_IMAGE"),
            pull_policy=environment.get("RELAY_IMAGE_PULL_POLICY") or "IfNotPresent",
        ),
        cluster_networks=_networks(environment.get("CLUSTER_NETWORKS", "")),
        metrics_port=_port(environment.get("METRICS_PORT") or "9153"),
        log_level=_level(environment.get("LOG_LEVEL") or "info"),
        lease_name=environment.get("LEASE_NAME") or None,
        kubeconfig=Path(kubeconfig) if kubeconfig else None,
    )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise SettingsError(f"{name} is not set")
    return value


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _networks(text: str) -> tuple[str, ...]:
    try:
        return _NETWORKS.validate_python(_words(text))
    except ValidationError as error:
        raise SettingsError(f"CLUSTER_NETWORKS: {error.errors()[0]['msg']}: {text}") from error


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 65535:
        raise SettingsError(f"METRICS_PORT: not a port: {text}")
    return int(text)


def _level(text: str) -> str:
    if text.lower() not in LEVELS:
        raise SettingsError(f"LOG_LEVEL: {text} is none of {', '.join(LEVELS)}")
    return text.upper()
