"""SmtpServer: one relay with one egress address, or one smarthost."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from smtppool.api.base import (
    Hostname,
    Label,
    Model,
    Observed,
    Port,
    UnicastIPv4,
    Weight,
    cel,
)
from smtppool.api.conditions import Conditions
from smtppool.api.outcomes import MAX_PROVIDERS, Standing
from smtppool.api.pod import ResourceName
from smtppool.api.signals import ExternalSignals


class EgressProviderName(StrEnum):
    """How the egress address is attached."""

    PREPROVISIONED = "preprovisioned"
    NODE = "node"
    HOST_NETWORK = "hostNetwork"


class WarmupMode(StrEnum):
    """`Plan`: an IpWarmupPlan decides; `Warm`: the address is known to receivers."""

    PLAN = "Plan"
    WARM = "Warm"


class DesiredState(StrEnum):
    """What the user wants of the member: in traffic, out of traffic, or emptied."""

    ACTIVE = "Active"
    CORDONED = "Cordoned"
    DRAINED = "Drained"


class SmarthostTls(StrEnum):
    """`StartTls` on 587 or 25, `Implicit` on 465. With credentials, the certificate must prove the host's name."""

    START_TLS = "StartTls"
    IMPLICIT = "Implicit"


class PoolRef(Model):
    """The pool in the same namespace."""

    name: Label


class Egress(Model):
    """The address that receivers see, and how it is attached."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            ("self.address == oldSelf.address", "egress.address is immutable: delete and create the SmtpServer"),
            (
                (
                    "has(self.localAddress) == has(oldSelf.localAddress)"
                    " && (!has(self.localAddress) || self.localAddress == oldSelf.localAddress)"
                ),
                "egress.localAddress is immutable: delete and create the SmtpServer",
            ),
        )
    )

    address: UnicastIPv4
    provider: EgressProviderName = EgressProviderName.PREPROVISIONED
    local_address: UnicastIPv4 | None = None

    @property
    def source(self) -> str:
        """The address that the node itself holds (clouds translate it 1:1 to `address`)."""
        return self.local_address or self.address


class Relay(Model):
    """A relay that delivers to mailbox providers itself."""

    hostname: Hostname
    egress: Egress


class SecretKeyRef(Model):
    """A Secret in the same namespace with the keys `username` and `password`."""

    name: ResourceName


class Smarthost(Model):
    """A relay that hands all mail to another SMTP service with credentials."""

    host: Hostname
    port: Port = 587
    tls: SmarthostTls = SmarthostTls.START_TLS
    credentials_secret_ref: SecretKeyRef | None = None


class Warmup(Model):
    """No silent default: a new address and a known one need opposite treatment."""

    mode: WarmupMode


class SmtpServerSpec(Model):
    """What the user states for one member of a pool."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            ("has(self.relay) != has(self.smarthost)", "exactly one of relay and smarthost must be given"),
            (
                "has(self.relay) == has(oldSelf.relay)",
                "a relay cannot become a smarthost, nor the reverse: delete and create the SmtpServer",
            ),
            ("self.poolRef.name == oldSelf.poolRef.name", "poolRef is immutable: delete and create the SmtpServer"),
        )
    )

    pool_ref: PoolRef
    relay: Relay | None = None
    smarthost: Smarthost | None = None
    weight: Weight = 100
    warmup: Warmup
    desired_state: DesiredState = DesiredState.ACTIVE
    external_signals: ExternalSignals = ()

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.relay is None) == (self.smarthost is None):
            raise ValueError("exactly one of relay and smarthost must be given")
        return self


class QueueStatus(Observed):
    """Messages by Postfix queue, as last reported by the agent."""

    incoming: int = 0
    active: int = 0
    deferred: int = 0
    hold: int = 0
    corrupt: int = 0
    messages: int = 0


class ProviderStatus(Observed):
    """The server at one mailbox provider. No score: too few samples."""

    name: Label
    score: Annotated[int, Field(ge=0, le=100)] | None = None
    state: Standing
    since: Annotated[str, Field(max_length=32)] | None = None
    reason: Annotated[str, Field(max_length=64)] = ""
    message: Annotated[str, Field(max_length=512)] = ""


class SmtpServerStatus(Observed):
    """What the operator observed and decided; written by the operator alone."""

    observed_generation: Annotated[int, Field(ge=0)] = 0
    state: Annotated[str, Field(max_length=32)] | None = None
    weight: Weight | None = None
    address: Annotated[str, Field(max_length=64)] | None = None
    observed_address: Annotated[str, Field(max_length=64)] | None = None
    node: Annotated[str, Field(max_length=253)] | None = None
    score: Annotated[int, Field(ge=0, le=100)] | None = None
    providers: Annotated[
        tuple[ProviderStatus, ...],
        Field(
            max_length=MAX_PROVIDERS,
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        ),
    ] = ()
    queue: QueueStatus | None = None
    conditions: Conditions = ()
