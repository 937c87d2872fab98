"""A second wall around one relay pod. Gate and HAProxy refuse the same by themselves, as many clusters enforce none."""

from smtppool.api import names
from smtppool.render.identity import Manifest, PoolObject, ServerObject, of_server, pool_selector, relay_selector


def manifest(server: ServerObject, pool: PoolObject) -> Manifest:
    """`<server>-relay`. Egress stays open: mail goes anywhere."""
    return of_server("networking.k8s.io/v1", "NetworkPolicy", names.relay_name(server.key.name), server) | {
        "spec": {
            "podSelector": {"matchLabels": relay_selector(server)},
            "policyTypes": ["Ingress"],
            "ingress": [
                _rule(_clients(pool), names.ENTRY_PORT),
                _rule(_peers(server), names.RELAY_PORT, names.HANDOVER_IN_PORT),
                _rule([_ANY_POD], names.AGENT_PORT),
            ],
        }
    }


_ANY_POD: Manifest = {"namespaceSelector": {}}


def _clients(pool: PoolObject) -> list[Manifest]:
    """Networks for clients outside; and every pod, as not all network plug-ins match pods by address: the gate does."""
    return [{"ipBlock": {"cidr": network}} for network in pool.spec.submission.allowed_networks] + [_ANY_POD]


def _peers(server: ServerObject) -> list[Manifest]:
    return [{"podSelector": {"matchLabels": pool_selector(server.spec.pool_ref.name)}}]


def _rule(sources: list[Manifest], *ports: int) -> Manifest:
    return {"from": sources, "ports": [{"port": port, "protocol": "TCP"} for port in ports]}
