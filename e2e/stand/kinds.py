"""The three kinds as pykube objects, with what tests ask of them."""

from typing import Any

import pykube
from pykube.objects import NamespacedAPIObject

from smtppool.api.base import API_VERSION
from smtppool.api.names import QUEUE_DECISION


class _Kind(NamespacedAPIObject):  # type: ignore[misc]
    """Common to the kinds: conditions by type."""

    version = API_VERSION

    def condition(self, kind: str) -> dict[str, Any]:
        """The condition of that type as last read, {} if there is none."""
        conditions = self.obj.get("status", {}).get("conditions", [])
        return next((dict(c) for c in conditions if c["type"] == kind), {})

    def says(self, kind: str) -> str:
        """`True/Reason` of a condition, `` if there is none."""
        condition = self.condition(kind)
        return f"{condition['status']}/{condition['reason']}" if condition else ""

    def status(self, field: str) -> Any:
        """One field of the status, None if absent."""
        return self.obj.get("status", {}).get(field)


class SmtpPool(_Kind):
    """SmtpPool."""

    endpoint = "smtppools"
    kind = "SmtpPool"


class SmtpServer(_Kind):
    """SmtpServer."""

    endpoint = "smtpservers"
    kind = "SmtpServer"

    def annotate_decision(self, decision: str) -> None:
        """The user's word about a queue that a deletion would lose: `save` or `drop`."""
        self.patch({"metadata": {"annotations": {QUEUE_DECISION: decision}}})


class IpWarmupPlan(_Kind):
    """IpWarmupPlan."""

    endpoint = "ipwarmupplans"
    kind = "IpWarmupPlan"


def connect(kubeconfig: str) -> pykube.HTTPClient:
    """A client for the cluster of that kubeconfig file."""
    return pykube.HTTPClient(pykube.KubeConfig.from_file(kubeconfig), timeout=20)
