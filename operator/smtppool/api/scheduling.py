"""The parts of core/v1 that say where a relay pod runs and what it may use, field by field.

Typed rather than passed on as any JSON: an object of unbounded depth can be stored, but no watch can read it, and then
the operator could not start for anybody. What the values mean, Kubernetes itself checks when the pod is applied.
"""

from typing import Annotated

from pydantic import BeforeValidator, Field

from smtppool.api.base import Model, int_or_string, number_as_text

# 15 digits: the biggest number that a schema can bound exactly, as JSON's numbers are doubles.
QUANTITY_PATTERN = r"^[0-9]{1,15}(\.[0-9]{1,9})?(m|k|[MGTPE]|[KMGTPE]i)?$"

Text = Annotated[str, Field(max_length=317)]
Texts = Annotated[tuple[Text, ...], Field(max_length=64)]
Quantity = Annotated[
    str,
    Field(
        pattern=QUANTITY_PATTERN,
        max_length=32,
        description="Quantity without an exponent, such as 500m, 1.5 or 256Mi.",
        json_schema_extra=int_or_string(0, 10**15 - 1),
    ),
    BeforeValidator(number_as_text),  # after the field: before it, pydantic's schema has no pattern
]
Quantities = Annotated[dict[Text, Quantity], Field(max_length=16)]


class ContainerResources(Model):
    """core/v1 ResourceRequirements."""

    requests: Quantities | None = None
    limits: Quantities | None = None


class Requirement(Model):
    """One expression of a selector."""

    key: Text
    operator: Text
    values: Texts | None = None


Requirements = Annotated[tuple[Requirement, ...], Field(max_length=16)]


class LabelSelector(Model):
    """metav1.LabelSelector."""

    match_labels: Annotated[dict[Text, Text], Field(max_length=32)] | None = None
    match_expressions: Requirements | None = None


class NodeSelectorTerm(Model):
    """All of its requirements hold for a node."""

    match_expressions: Requirements | None = None
    match_fields: Requirements | None = None


class NodeSelector(Model):
    """One of its terms holds for a node."""

    node_selector_terms: Annotated[tuple[NodeSelectorTerm, ...], Field(min_length=1, max_length=16)]


Preference = Annotated[int, Field(ge=1, le=100)]


class PreferredNode(Model):
    """A wish for certain nodes."""

    weight: Preference
    preference: NodeSelectorTerm


class NodeAffinity(Model):
    """core/v1 NodeAffinity."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None
    preferred_during_scheduling_ignored_during_execution: (
        Annotated[tuple[PreferredNode, ...], Field(max_length=16)] | None
    ) = None


class PodAffinityTerm(Model):
    """Near to, or away from, pods of a selection."""

    topology_key: Text
    label_selector: LabelSelector | None = None
    namespaces: Texts | None = None
    namespace_selector: LabelSelector | None = None
    match_label_keys: Texts | None = None
    mismatch_label_keys: Texts | None = None


class PreferredPod(Model):
    """A wish for the neighbourhood of certain pods."""

    weight: Preference
    pod_affinity_term: PodAffinityTerm


class PodAffinity(Model):
    """core/v1 PodAffinity, and PodAntiAffinity, which has the same form."""

    required_during_scheduling_ignored_during_execution: (
        Annotated[tuple[PodAffinityTerm, ...], Field(max_length=16)] | None
    ) = None
    preferred_during_scheduling_ignored_during_execution: (
        Annotated[tuple[PreferredPod, ...], Field(max_length=16)] | None
    ) = None


class Affinity(Model):
    """core/v1 Affinity."""

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAffinity | None = None


class Toleration(Model):
    """core/v1 Toleration."""

    key: Text | None = None
    operator: Text | None = None
    value: Text | None = None
    effect: Text | None = None
    toleration_seconds: Annotated[int, Field(ge=-(2**31), le=2**31 - 1)] | None = None


class TopologySpreadConstraint(Model):
    """core/v1 TopologySpreadConstraint."""

    max_skew: Annotated[int, Field(ge=1, le=10000)]
    topology_key: Text
    when_unsatisfiable: Text
    label_selector: LabelSelector | None = None
    min_domains: Annotated[int, Field(ge=1, le=10000)] | None = None
    node_affinity_policy: Text | None = None
    node_taints_policy: Text | None = None
    match_label_keys: Texts | None = None
