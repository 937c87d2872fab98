"""`agent.json` in a server's ConfigMap, rendered by the operator and read by the agent."""

from smtppool.api.base import Hostname, IPv4, Label, Model, Port


class AgentConfig(Model):
    """Who this pod is."""

    namespace: Label
    pool: Label
    server: Label
    hostname: Hostname
    metrics_port: Port
    bind_address: IPv4 | None = None  # Postfix sends from it, so the egress check must as well
