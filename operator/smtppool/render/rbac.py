"""What one agent may do: read its grant and its pool's routing, patch its own report, each by name; nothing else."""

from smtppool.api.names import grant_name, relay_name, report_name, routing_name
from smtppool.render.identity import Manifest, ServerObject, of_server

_GROUP = "rbac.authorization.k8s.io"


def role(server: ServerObject) -> Manifest:
    """The Role of a server's agent."""
    orders = [grant_name(server.key.name), routing_name(server.spec.pool_ref.name)]
    rules = [_rule(orders, "get", "list", "watch"), _rule([report_name(server.key.name)], "get", "patch")]
    return of_server(f"{_GROUP}/v1", "Role", relay_name(server.key.name), server) | {"rules": rules}


def role_binding(server: ServerObject) -> Manifest:
    """Gives the Role to the ServiceAccount of the same name."""
    name = relay_name(server.key.name)
    return of_server(f"{_GROUP}/v1", "RoleBinding", name, server) | {
        "roleRef": {"apiGroup": _GROUP, "kind": "Role", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": server.key.namespace}],
    }


def _rule(resource_names: list[str], *verbs: str) -> Manifest:
    return {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": resource_names, "verbs": list(verbs)}
