"""What each kind's CustomResourceDefinition needs beyond the models: names, rules on the root, and printer columns.

What `kubectl get smtp` shows stands here.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from smtppool.api.ipwarmupplan import IpWarmupPlanSpec, IpWarmupPlanStatus
from smtppool.api.names import MAX_NAME, OBJECT_NAME_PATTERN
from smtppool.api.smtppool import SmtpPoolSpec, SmtpPoolStatus
from smtppool.api.smtpserver import SmtpServerSpec, SmtpServerStatus

# Children append suffixes, and a pod's name is a label value: kubernetes has room for 63.
NAME_RULE = {
    "rule": f"self.metadata.name.matches(r'{OBJECT_NAME_PATTERN}')",
    "message": f"metadata.name must be a DNS label of at most {MAX_NAME} characters that starts with a letter: "
    f"'{OBJECT_NAME_PATTERN}'",
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One printer column; priority 1 is shown by `-o wide`."""

    name: str
    path: str
    type: str = "string"
    priority: int = 0

    def dump(self) -> dict[str, Any]:
        """The wire form."""
        column = {"name": self.name, "type": self.type, "jsonPath": self.path}
        return column | ({"priority": self.priority} if self.priority else {})


def condition(name: str, kind: str, part: str, *, priority: int = 0) -> Column:
    """A column that shows one part of one condition."""
    return Column(name=name, path=f'.status.conditions[?(@.type=="{kind}")].{part}', priority=priority)


AGE = Column(name="Age", path=".metadata.creationTimestamp", type="date")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a CustomResourceDefinition needs beyond the models."""

    name: str
    short_name: str
    spec: type[BaseModel]
    status: type[BaseModel]
    columns: tuple[Column, ...]
    selectable: tuple[str, ...] = ()

    @property
    def plural(self) -> str:
        """Name in URLs."""
        return f"{self.name.lower()}s"


POOL = Kind(
    name="SmtpPool",
    short_name="smtpp",
    spec=SmtpPoolSpec,
    status=SmtpPoolStatus,
    columns=(
        condition("Ready", "Ready", "status"),
        Column(name="Servers", path=".status.servers"),
        Column(name="Queued", path=".status.queued", type="integer"),
        Column(name="Entry", path=".status.entry"),
        AGE,
        condition("Reason", "Ready", "reason", priority=1),
        condition("Message", "Ready", "message", priority=1),
    ),
)
SERVER = Kind(
    name="SmtpServer",
    short_name="smtps",
    spec=SmtpServerSpec,
    status=SmtpServerStatus,
    selectable=(".spec.poolRef.name",),
    columns=(
        Column(name="Pool", path=".spec.poolRef.name"),
        Column(name="Address", path=".status.address"),
        Column(name="Weight", path=".status.weight", type="integer"),
        Column(name="State", path=".status.state"),
        Column(name="Score", path=".status.score", type="integer"),
        Column(name="Queue", path=".status.queue.messages", type="integer"),
        condition("Ready", "Ready", "status"),
        condition("Reason", "Ready", "reason"),
        AGE,
        Column(name="Node", path=".status.node", priority=1),
        condition("Message", "Ready", "message", priority=1),
    ),
)
PLAN = Kind(
    name="IpWarmupPlan",
    short_name="warmup",
    spec=IpWarmupPlanSpec,
    status=IpWarmupPlanStatus,
    columns=(
        condition("Accepted", "Accepted", "status"),
        Column(name="Servers", path=".status.servers", type="integer"),
        AGE,
        condition("Reason", "Accepted", "reason", priority=1),
        condition("Message", "Accepted", "message", priority=1),
    ),
)
KINDS = (POOL, SERVER, PLAN)
