"""The part of a pool that makes servers: one per address, by a template."""

from pydantic import Field

from smtppool.api.base import Hostname, Model, UnicastIPv4, Weight
from smtppool.api.pod import Annotations, Labels
from smtppool.api.smtpserver import DesiredState, EgressProviderName, Warmup


class TemplateEgress(Model):
    """Egress of servers made from `addresses`."""

    provider: EgressProviderName = EgressProviderName.PREPROVISIONED


class TemplateRelay(Model):
    """Relay part of servers made from `addresses`."""

    egress: TemplateEgress = Field(default_factory=TemplateEgress)


class TemplateSpec(Model):
    """The spec that servers made from `addresses` share."""

    relay: TemplateRelay = Field(default_factory=TemplateRelay)
    weight: Weight = 100
    warmup: Warmup
    desired_state: DesiredState = DesiredState.ACTIVE


class TemplateMetadata(Model):
    """Labels and annotations of servers made from `addresses`."""

    labels: Labels = Field(default_factory=dict)
    annotations: Annotations = Field(default_factory=dict)


class ServerTemplate(Model):
    """Template of the servers made from `addresses`."""

    metadata: TemplateMetadata = Field(default_factory=TemplateMetadata)
    spec: TemplateSpec


class PoolAddress(Model):
    """One address, one SmtpServer."""

    address: UnicastIPv4
    hostname: Hostname
    local_address: UnicastIPv4 | None = None
    weight: Weight | None = None
