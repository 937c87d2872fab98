"""The pool's entry Service, and a headless one for each relay, by which its metrics are found."""

from smtppool.api import names
from smtppool.api.pod import ServiceType
from smtppool.render.identity import (
    Manifest,
    PoolObject,
    ServerObject,
    of_pool,
    of_server,
    pool_selector,
    relay_selector,
)


def entry(pool: PoolObject) -> Manifest:
    """`<pool>`: port 25 to the pods that carry the entry label."""
    settings = pool.spec.entry.service
    manifest = of_pool("v1", "Service", pool.key.name, pool)
    if settings.annotations:
        manifest["metadata"]["annotations"] = dict(settings.annotations)
    spec = {
        "type": settings.type.value,
        "selector": pool_selector(pool.key.name) | {names.ENTRY: "true"},
        "ports": [_port("smtp", names.SERVICE_PORT, names.ENTRY_PORT)],
    }
    if settings.type is not ServiceType.CLUSTER_IP:
        # Cluster would replace the client's address, which allowedNetworks is matched against.
        spec["externalTrafficPolicy"] = settings.external_traffic_policy.value
    return manifest | {"spec": spec}


def metrics(server: ServerObject) -> Manifest:
    """`<server>-relay`: the StatefulSet's headless Service; a relay that is not ready is scraped all the same."""
    return of_server("v1", "Service", names.relay_name(server.key.name), server) | {
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": relay_selector(server),
            "ports": [_port("metrics", names.AGENT_PORT, names.AGENT_PORT)],
        }
    }


def _port(name: str, port: int, target: int) -> Manifest:
    return {"name": name, "port": port, "protocol": "TCP", "targetPort": target}
