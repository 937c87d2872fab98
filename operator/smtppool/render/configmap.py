"""The rendered configuration of one relay pod, and its digest: another configuration is another pod.

Values of a custom resource enter only through the renderers of Postfix and HAProxy, which check them once more.
"""

import hashlib

from smtppool.api.agent_config import AgentConfig
from smtppool.api.names import AGENT_PORT, config_name
from smtppool.render import haproxy, haproxy_state, postfix
from smtppool.render.documents import canonical
from smtppool.render.identity import Manifest, PoolObject, ServerObject, of_server


def content(server: ServerObject, pool: PoolObject) -> dict[str, str]:
    """File names and texts."""
    return {
        "agent.json": canonical(_agent(server)),
        "haproxy.cfg": haproxy.render(balance=pool.spec.balance),
        "haproxy.state": haproxy_state.render(),
        "main.cf": postfix.main_cf(key=server.key, pool=pool.spec, server=server.spec),
        "master.cf": postfix.master_cf(),
    }


def manifest(server: ServerObject, files: dict[str, str]) -> Manifest:
    """The ConfigMap with these files."""
    return of_server("v1", "ConfigMap", config_name(server.key.name), server) | {"data": files}


def digest(files: dict[str, str]) -> str:
    """Digest of names and texts."""
    text = "".join(f"{name}\0{files[name]}\0" for name in sorted(files))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _agent(server: ServerObject) -> AgentConfig:
    return AgentConfig(
        namespace=server.key.namespace,
        pool=server.spec.pool_ref.name,
        server=server.key.name,
        hostname=postfix.hostname(key=server.key, server=server.spec),
        metrics_port=AGENT_PORT,
        bind_address=postfix.bind_address(server.spec),
    )
