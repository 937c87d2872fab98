"""Identity of one relay's agent. No pod gets its token by itself: the pod template gives it to the agent alone."""

from smtppool.api.names import relay_name
from smtppool.render.identity import Manifest, ServerObject, of_server


def manifest(server: ServerObject) -> Manifest:
    """The ServiceAccount of a server."""
    identity = of_server("v1", "ServiceAccount", relay_name(server.key.name), server)
    return identity | {"automountServiceAccountToken": False}
