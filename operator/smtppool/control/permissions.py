"""What the operator may do, verb by verb: the chart's ClusterRole says the same, and a test compares them.

No Secrets; nothing on pods but to label and delete them; nodes only to see; volumes only a look at one by name. To give
relay pods their Roles it must hold what those grant: `get`, `list`, `watch` and `patch` on ConfigMaps.
"""

from typing import Any, NamedTuple

from smtppool.api.base import GROUP

_READ = ("get", "list", "watch")
_KEEP = (*_READ, "create", "patch", "delete")


class Permission(NamedTuple):
    """One rule, and what for."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    purpose: str


PERMISSIONS = (
    Permission(GROUP, ("smtppools",), ("list", "watch", "patch"), "watch; the own finalizer"),
    Permission(GROUP, ("smtpservers",), _KEEP, "watch; the own finalizer; servers from addresses"),
    Permission(GROUP, ("ipwarmupplans",), ("list", "watch"), "watch"),
    Permission(GROUP, ("smtppools/status", "smtpservers/status", "ipwarmupplans/status"), ("patch",), "status"),
    Permission("", ("configmaps", "persistentvolumeclaims", "serviceaccounts", "services"), _KEEP, "children"),
    Permission("apps", ("statefulsets",), _KEEP, "children"),
    Permission("networking.k8s.io", ("networkpolicies",), _KEEP, "children"),
    Permission("policy", ("poddisruptionbudgets",), _KEEP, "children"),
    Permission("rbac.authorization.k8s.io", ("roles", "rolebindings"), _KEEP, "children: the agents' rights"),
    Permission("", ("pods",), (*_READ, "patch", "delete"), "state; the entry label; rolls"),
    Permission("", ("nodes",), _READ, "which are cordoned; does one still exist"),
    Permission("", ("namespaces", "persistentvolumes"), ("get",), "does it end, outlive its claim, move"),
    Permission("", ("events",), ("create",), "one Event for each decision"),
)


def rules() -> list[dict[str, Any]]:
    """The rules of a ClusterRole."""
    return [
        {"apiGroups": [one.group], "resources": list(one.resources), "verbs": list(one.verbs)} for one in PERMISSIONS
    ]
