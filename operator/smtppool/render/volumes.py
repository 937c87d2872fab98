"""The volumes of a relay pod and where each container sees them."""

from smtppool.api import names
from smtppool.render.identity import Manifest, ServerObject

TOKEN_DIR = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - where clients look for it
TOKEN_SECONDS = 3600

CONFIG: Manifest = {"name": "config", "mountPath": names.CONFIG_DIR, "readOnly": True}
CREDENTIALS: Manifest = {"name": "credentials", "mountPath": names.CREDENTIALS_DIR, "readOnly": True}
POSTFIX: Manifest = {"name": "postfix-config", "mountPath": names.POSTFIX_DIR}
QUEUE: Manifest = {"name": "queue", "mountPath": names.VOLUME_DIR}
RUN: Manifest = {"name": "run", "mountPath": names.RUN_DIR}
TMP: Manifest = {"name": "tmp", "mountPath": "/tmp"}  # noqa: S108 - a volume of the pod's own
TOKEN: Manifest = {"name": "token", "mountPath": TOKEN_DIR, "readOnly": True}


def volumes(server: ServerObject) -> list[Manifest]:
    """All volumes; a smarthost's credentials only where there are some."""
    return [
        {"name": "config", "configMap": {"name": names.config_name(server.key.name)}},
        *_credentials(server),
        {"name": "postfix-config", "emptyDir": {"sizeLimit": "16Mi"}},
        {"name": "queue", "persistentVolumeClaim": {"claimName": names.queue_name(server.key.name)}},
        {"name": "run", "emptyDir": {"medium": "Memory", "sizeLimit": "32Mi"}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
        _token(),
    ]


def has_credentials(server: ServerObject) -> bool:
    """Whether the pod gets a Secret of the user's."""
    return server.spec.smarthost is not None and server.spec.smarthost.credentials_secret_ref is not None


def _credentials(server: ServerObject) -> list[Manifest]:
    smarthost = server.spec.smarthost
    if smarthost is None or smarthost.credentials_secret_ref is None:
        return []
    # Optional: the entrypoint says what is missing, in the pod's status; a volume that waits says it in no status.
    secret = {"secretName": smarthost.credentials_secret_ref.name, "defaultMode": 0o400, "optional": True}
    return [{"name": "credentials", "secret": secret}]


def _token() -> Manifest:
    """The service account's token, in the files where in-cluster clients look; mounted by the agent alone."""
    return {
        "name": "token",
        "projected": {
            # The agent is not root, and the volume has no group of its own.
            "defaultMode": 0o444,
            "sources": [
                {"serviceAccountToken": {"path": "token", "expirationSeconds": TOKEN_SECONDS}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": _field("metadata.namespace")}]}},
            ],
        },
    }


def _field(path: str) -> Manifest:
    return {"apiVersion": "v1", "fieldPath": path}
