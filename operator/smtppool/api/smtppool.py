"""SmtpPool: who may submit, how mail is spread, which rules keep the pool safe."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from smtppool.api.base import (
    CheckInterval,
    CountOrRatio,
    Duration,
    Endpoint,
    Label,
    MessageSize,
    Model,
    Network,
    Observed,
    Size,
    cel,
)
from smtppool.api.conditions import Conditions
from smtppool.api.cordoned import OnCordonedNode
from smtppool.api.pod import PodSettings, ResourceName, ServiceSettings
from smtppool.api.pool_health import Health
from smtppool.api.pool_members import PoolAddress, ServerTemplate

MAX_SERVERS = 200
MAX_PROVIDERS = 32


class Mode(StrEnum):
    """`Observe` decides and reports, and changes no traffic."""

    ENFORCE = "Enforce"
    OBSERVE = "Observe"


class Balance(StrEnum):
    """HAProxy's balance algorithm at the entry."""

    ROUND_ROBIN = "RoundRobin"
    LEAST_CONN = "LeastConn"
    SOURCE = "Source"
    RANDOM = "Random"


class Overflow(StrEnum):
    """Mail beyond a member's budget: to peers, or deferred."""

    PEERS = "Peers"
    DEFER = "Defer"


class EgressCheckMode(StrEnum):
    """`Off` opens lanes unverified and says so; quote it in YAML 1.1 (`mode: "Off"`)."""

    VERIFY = "Verify"
    OFF = "Off"


class Submission(Model):
    """Who may submit, and how much at once. No networks = nobody."""

    allowed_networks: Annotated[
        tuple[Network, ...], Field(max_length=64, json_schema_extra={"x-kubernetes-list-type": "set"})
    ] = ()
    max_message_size: MessageSize = "25Mi"
    max_recipients: Annotated[int, Field(ge=1, le=10000)] = 1000


class Entry(Model):
    """The relay pods that the Service selects; they check and balance."""

    replicas: Annotated[int, Field(ge=1, le=32)] = 5
    service: ServiceSettings = Field(default_factory=ServiceSettings)


_EMPTIED = "availability.maxUnavailable must be below 100% while availability.minAvailable is 0: nobody would be left"


class Availability(Model):
    """How many members stay, and how many may be taken out at once."""

    model_config = ConfigDict(
        json_schema_extra=cel(("self.minAvailable > 0 || self.maxUnavailable != '100%'", _EMPTIED))
    )

    min_available: Annotated[int, Field(ge=0, le=MAX_SERVERS)] = 1
    max_unavailable: CountOrRatio = "30%"

    @model_validator(mode="after")
    def _not_all(self) -> Self:
        if self.min_available == 0 and self.max_unavailable == "100%":
            raise ValueError(_EMPTIED)
        return self


class Queue(Model):
    """The queue volume of each member, and how long mail may wait in it."""

    lifetime: Duration = "72h"
    size: Size = "10Gi"
    storage_class_name: ResourceName | None = None
    access_mode: Annotated[str, Field(pattern=r"^(ReadWriteOnce|ReadWriteOncePod)$", max_length=16)] = "ReadWriteOnce"


class EgressCheck(Model):
    """A host of the user's that echoes the client's address (SMTP EHLO reply or HTTP body)."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            (
                "self.mode == 'Off' || has(self.endpoint)",
                'egressCheck needs an endpoint, or mode: "Off" to open lanes unverified',
            )
        )
    )

    mode: EgressCheckMode = EgressCheckMode.VERIFY
    endpoint: Endpoint | None = None
    interval: CheckInterval = "5m"

    @model_validator(mode="after")
    def _endpoint(self) -> Self:
        if self.mode is EgressCheckMode.VERIFY and self.endpoint is None:
            raise ValueError('egressCheck needs an endpoint, or mode: "Off" to open lanes unverified')
        return self


class ProviderLimits(Model):
    """Limits towards one mailbox provider, over the built-in profile of that name."""

    name: Label
    max_connections: Annotated[int, Field(ge=1, le=1000)] | None = None
    messages_per_connection: Annotated[int, Field(ge=1, le=10000)] | None = None


class SmtpPoolSpec(Model):
    """What the user states for a pool."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            (
                "!has(self.addresses) || size(self.addresses) == 0 || has(self.serverTemplate)",
                "addresses need a serverTemplate (at least spec.warmup.mode)",
            )
        )
    )

    mode: Mode = Mode.ENFORCE
    submission: Submission = Field(default_factory=Submission)
    balance: Balance = Balance.ROUND_ROBIN
    entry: Entry = Field(default_factory=Entry)
    health: Health = Field(default_factory=Health)
    availability: Availability = Field(default_factory=Availability)
    overflow: Overflow = Overflow.PEERS
    queue: Queue = Field(default_factory=Queue)
    egress_check: EgressCheck
    providers: Annotated[
        tuple[ProviderLimits, ...],
        Field(
            max_length=MAX_PROVIDERS,
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        ),
    ] = ()
    pod: PodSettings = Field(default_factory=PodSettings)
    server_template: ServerTemplate | None = None
    addresses: Annotated[
        tuple[PoolAddress, ...],
        Field(
            max_length=MAX_SERVERS,
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["address"]},
        ),
    ] = ()

    @model_validator(mode="after")
    def _template(self) -> Self:
        if self.addresses and self.server_template is None:
            raise ValueError("addresses need a serverTemplate (at least spec.warmup.mode)")
        return self


class SmtpPoolStatus(Observed):
    """What the operator observed and decided; written by the operator alone."""

    observed_generation: Annotated[int, Field(ge=0)] = 0
    members: Annotated[int, Field(ge=0)] = 0
    in_traffic: Annotated[int, Field(ge=0)] = 0
    servers: Annotated[str, Field(max_length=16)] | None = None
    entry: Annotated[str, Field(max_length=280)] | None = None
    queued: Annotated[int, Field(ge=0)] | None = None
    rolling: Annotated[str, Field(max_length=63)] | None = None
    on_cordoned_nodes: Annotated[
        tuple[OnCordonedNode, ...],
        Field(
            max_length=MAX_SERVERS,
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["server"]},
        ),
    ] = ()
    conditions: Conditions = ()
