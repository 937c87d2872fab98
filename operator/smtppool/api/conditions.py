"""Conditions and the parts of status that all kinds share."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from smtppool.api.base import Observed

Reason = Annotated[str, Field(pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$", min_length=1, max_length=1024)]


class ConditionType(StrEnum):
    """All condition types; an input that does not exist yet is Unknown/NotEvaluated, never passed silently."""

    READY = "Ready"
    ACCEPTED = "Accepted"
    RECONCILED = "Reconciled"
    EGRESS_VERIFIED = "EgressVerified"
    HEALTHY = "Healthy"
    WARM = "Warm"
    DRAINING = "Draining"
    DRAIN_BLOCKED = "DrainBlocked"
    QUEUE_UNREACHABLE = "QueueUnreachable"
    IDENTITY_VERIFIED = "IdentityVerified"


class Condition(Observed):
    """metav1.Condition with its limits."""

    type: Annotated[str, Field(pattern=r"^[A-Za-z]([A-Za-z0-9]*)$", max_length=316)]
    status: Literal["True", "False", "Unknown"]
    reason: Reason
    message: Annotated[str, Field(max_length=32768)] = ""
    last_transition_time: Annotated[str, Field(max_length=64)]
    observed_generation: Annotated[int, Field(ge=0)] = 0


Conditions = Annotated[
    tuple[Condition, ...],
    Field(max_length=16, json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}),
]
