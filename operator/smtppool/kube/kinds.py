"""Every kind that the product reads or writes, as one table: no discovery requests, no cache file on disk."""

from typing import Any, NamedTuple

from smtppool.api.base import GROUP, VERSION
from smtppool.api.names import Key

Body = dict[str, Any]  # a Kubernetes object as JSON; bodies from the cache are never changed in place


class Kind(NamedTuple):
    """Coordinates of one resource."""

    group: str
    version: str
    name: str
    plural: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """The `apiVersion` of objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """`plural.group`, as in messages of kubectl."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


SMTP_POOL = Kind(GROUP, VERSION, "SmtpPool", "smtppools")
SMTP_SERVER = Kind(GROUP, VERSION, "SmtpServer", "smtpservers")
IP_WARMUP_PLAN = Kind(GROUP, VERSION, "IpWarmupPlan", "ipwarmupplans")
CONFIG_MAP = Kind("", "v1", "ConfigMap", "configmaps")
EVENT = Kind("", "v1", "Event", "events")
LEASE = Kind("coordination.k8s.io", "v1", "Lease", "leases")
NAMESPACE = Kind("", "v1", "Namespace", "namespaces", namespaced=False)
NODE = Kind("", "v1", "Node", "nodes", namespaced=False)
PERSISTENT_VOLUME = Kind("", "v1", "PersistentVolume", "persistentvolumes", namespaced=False)
PERSISTENT_VOLUME_CLAIM = Kind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims")
POD = Kind("", "v1", "Pod", "pods")
SERVICE = Kind("", "v1", "Service", "services")
SERVICE_ACCOUNT = Kind("", "v1", "ServiceAccount", "serviceaccounts")
STATEFUL_SET = Kind("apps", "v1", "StatefulSet", "statefulsets")
NETWORK_POLICY = Kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies")
POD_DISRUPTION_BUDGET = Kind("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets")
ROLE = Kind("rbac.authorization.k8s.io", "v1", "Role", "roles")
ROLE_BINDING = Kind("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings")

KINDS = (
    SMTP_POOL, SMTP_SERVER, IP_WARMUP_PLAN, CONFIG_MAP, EVENT, LEASE, NAMESPACE, NODE, PERSISTENT_VOLUME,
    PERSISTENT_VOLUME_CLAIM, POD, SERVICE, SERVICE_ACCOUNT, STATEFUL_SET, NETWORK_POLICY, POD_DISRUPTION_BUDGET, ROLE,
    ROLE_BINDING,
)  # fmt: skip
_BY_NAME = {(kind.api_version, kind.name): kind for kind in KINDS}


def kind_of(body: Body) -> Kind:
    """The kind of an object; KeyError for one that the product does not handle."""
    return _BY_NAME[body["apiVersion"], body["kind"]]


def key_of(body: Body) -> Key:
    """Namespace (empty for cluster-wide kinds) and name of an object."""
    metadata = body["metadata"]
    return Key(metadata.get("namespace", ""), metadata["name"])


def uid_of(body: Body) -> str:
    """The uid of an existing object."""
    return str(body["metadata"]["uid"])


def annotation(body: Body, name: str) -> str | None:
    """Value of an annotation."""
    value = body["metadata"].get("annotations", {}).get(name)
    return None if value is None else str(value)


def label(body: Body, name: str) -> str | None:
    """Value of a label."""
    value = body["metadata"].get("labels", {}).get(name)
    return None if value is None else str(value)


def is_terminating(body: Body) -> bool:
    """Whether a deletion was asked for."""
    return "deletionTimestamp" in body["metadata"]
