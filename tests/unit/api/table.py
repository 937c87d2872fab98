"""The form of a case of good or bad input, and the good objects that cases are variations of."""

import copy
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from smtppool.api.base import API_VERSION
from smtppool.api.ipwarmupplan import IpWarmupPlanSpec
from smtppool.api.smtppool import SmtpPoolSpec
from smtppool.api.smtpserver import SmtpServerSpec

Body = dict[str, Any]
REMOVED = object()  # as a value: the field is left out

SPECS: dict[str, type[BaseModel]] = {
    "SmtpPool": SmtpPoolSpec,
    "SmtpServer": SmtpServerSpec,
    "IpWarmupPlan": IpWarmupPlanSpec,
}
EGRESS: Body = {"address": "198.51.100.11", "provider": "node"}
GOOD: dict[str, Body] = {
    "SmtpPool": {"egressCheck": {"endpoint": "smtp://echo.example.net:25"}},
    "SmtpServer": {
        "poolRef": {"name": "marketing"},
        "relay": {"hostname": "mx11.example.com", "egress": EGRESS},
        "warmup": {"mode": "Warm"},
    },
    "IpWarmupPlan": {
        "serverSelector": {"matchLabels": {"batch": "nov"}},
        "schedule": {"preset": "sparkpost", "target": 100000},
    },
}
SIGNAL: Body = {"source": "fbl/yahoo", "value": 40, "seenAt": "2026-01-05T12:00:00Z", "ttl": "24h"}
SMARTHOST: Body = {"host": "smtp.example.com", "port": 587}
TEMPLATE: Body = {"spec": {"warmup": {"mode": "Warm"}}}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A good spec of `kind` in which the field at `path` has another value."""

    title: str
    kind: str
    path: str
    value: object
    says: tuple[str, ...] = ()
    at: str = ""  # the field that is named, where it is not the one at `path`

    @property
    def field(self) -> str:
        """The field that the API server names."""
        return self.at or f"spec.{self.path}"

    @property
    def spec(self) -> Body:
        """The changed spec."""
        return changed(GOOD[self.kind], self.path, self.value)


def changed(spec: Body, path: str, value: object) -> Body:
    """A copy of the spec with one field set, or left out for REMOVED."""
    result = copy.deepcopy(spec)
    *parents, last = path.split(".")
    node = result
    for name in parents:
        node = node.setdefault(name, {})
    if value is REMOVED:
        del node[last]
    else:
        node[last] = value
    return result


def document(kind: str, spec: Body, *, name: str = "case", namespace: str = "default") -> Body:
    """A whole object."""
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def pool(title: str, path: str, value: object, *says: str, at: str = "") -> Case:
    """Of an SmtpPool."""
    return Case(title=title, kind="SmtpPool", path=path, value=value, says=says, at=at)
