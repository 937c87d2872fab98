"""The parts of a pod and of a Service that users of every operator ask for."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from smtppool.api.base import IPv4, Model
from smtppool.api.scheduling import Affinity, ContainerResources, Toleration, TopologySpreadConstraint

QUALIFIED_NAME_PATTERN = r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
LABEL_VALUE_PATTERN = r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$"

QualifiedName = Annotated[str, Field(pattern=QUALIFIED_NAME_PATTERN, max_length=317)]
LabelValue = Annotated[str, Field(pattern=LABEL_VALUE_PATTERN, max_length=63)]
Labels = Annotated[dict[QualifiedName, LabelValue], Field(max_length=32)]
Annotations = Annotated[dict[QualifiedName, Annotated[str, Field(max_length=4096)]], Field(max_length=32)]
ResourceName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$", max_length=253)]


class Resources(Model):
    """core/v1 ResourceRequirements of each container of a relay pod."""

    postfix: ContainerResources | None = None
    haproxy: ContainerResources | None = None
    gate: ContainerResources | None = None
    agent: ContainerResources | None = None


class DnsConfig(Model):
    """Resolvers of the relay pods, where the cluster's are not fit for mail."""

    nameservers: Annotated[tuple[IPv4, ...], Field(max_length=3)] = ()
    searches: Annotated[tuple[ResourceName, ...], Field(max_length=6)] = ()


class PodSettings(Model):
    """Resources, scheduling and names of the relay pods."""

    labels: Labels = Field(default_factory=dict)
    annotations: Annotations = Field(default_factory=dict)
    resources: Resources = Field(default_factory=Resources)
    node_selector: Labels = Field(default_factory=dict)
    tolerations: Annotated[tuple[Toleration, ...], Field(max_length=16)] = ()
    affinity: Affinity | None = None
    topology_spread_constraints: Annotated[tuple[TopologySpreadConstraint, ...], Field(max_length=8)] = ()
    priority_class_name: ResourceName | None = None
    image_pull_secrets: Annotated[tuple[ResourceName, ...], Field(max_length=8)] = ()
    dns_config: DnsConfig | None = None


class ServiceType(StrEnum):
    """Kubernetes Service types of the entry."""

    CLUSTER_IP = "ClusterIP"
    NODE_PORT = "NodePort"
    LOAD_BALANCER = "LoadBalancer"


class TrafficPolicy(StrEnum):
    """`Local` keeps the client's address, which `allowedNetworks` is matched against."""

    CLUSTER = "Cluster"
    LOCAL = "Local"


class ServiceSettings(Model):
    """The entry Service."""

    type: ServiceType = ServiceType.CLUSTER_IP
    annotations: Annotations = Field(default_factory=dict)
    external_traffic_policy: TrafficPolicy = TrafficPolicy.LOCAL
