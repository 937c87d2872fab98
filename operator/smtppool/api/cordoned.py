"""What a pool says of members whose node is cordoned: who leaves it, who stays, and by which rule."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from smtppool.api.base import Label, Observed
from smtppool.api.pod import ResourceName


class CordonRule(StrEnum):
    """`Leaves`: its queue goes to peers. All others: it stays in traffic, by this rule."""

    LEAVES = "Leaves"
    LAST_MEMBER = "LastMember"
    MIN_AVAILABLE = "MinAvailable"
    MAX_UNAVAILABLE = "MaxUnavailable"
    ONE_AT_A_TIME = "OneAtATime"


class OnCordonedNode(Observed):
    """One member, as decided."""

    server: Label
    node: ResourceName
    decision: CordonRule
    message: Annotated[str, Field(max_length=512)] = ""
