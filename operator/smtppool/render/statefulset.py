"""The StatefulSet of one relay: one pod, replaced only when the operator deletes it (`OnDelete`)."""

from smtppool.api.names import FINALIZER, relay_name
from smtppool.render.identity import Manifest, ServerObject, of_server, relay_selector


def manifest(server: ServerObject, pod_template: Manifest) -> Manifest:
    """`<server>-relay`, held by our finalizer: a cascade must not take the pod from under a queue."""
    name = relay_name(server.key.name)
    identity = of_server("apps/v1", "StatefulSet", name, server)
    identity["metadata"]["finalizers"] = [FINALIZER]
    return identity | {
        "spec": {
            "replicas": 1,
            "serviceName": name,
            "selector": {"matchLabels": relay_selector(server)},
            "updateStrategy": {"type": "OnDelete"},
            "revisionHistoryLimit": 3,
            "template": pod_template,
        }
    }
