"""The StatefulSet of one relay: one pod, replaced only when the operator deletes it (`OnDelete`)."""

from smtppool.api.base import GROUP
from smtppool.api.names import FINALIZER, relay_name
from smtppool.render.identity import Manifest, ServerObject, of_server, relay_selector

RELEASED = f"{GROUP}/released"  # "true": scaled to 0 by us, after the queue was proven empty


def manifest(server: ServerObject, pod_template: Manifest, *, released: bool = False) -> Manifest:
    """`<server>-relay`, held by our finalizer: a cascade must not take the pod from under a queue.

    `released`: no pod. The mark comes and goes with the last pod in one write, so it is the record of the proof, which
    somebody's own scaling to 0 does not make.
    """
    name = relay_name(server.key.name)
    identity = of_server("apps/v1", "StatefulSet", name, server)
    identity["metadata"]["finalizers"] = [FINALIZER]
    if released:
        identity["metadata"]["annotations"] = {RELEASED: "true"}
    return identity | {
        "spec": {
            "replicas": 0 if released else 1,
            "serviceName": name,
            "selector": {"matchLabels": relay_selector(server)},
            "updateStrategy": {"type": "OnDelete"},
            "revisionHistoryLimit": 3,
            "template": pod_template,
        }
    }
