"""Servers from `SmtpPool.spec.addresses`: which must exist, and which must go.

A server is the pool's own only if it says so (label and owner); a user's server is never touched here.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from smtppool.api.names import FROM_ADDRESS, MAX_NAME, QUEUE_DECISION
from smtppool.api.pool_members import PoolAddress, ServerTemplate
from smtppool.api.smtppool import SmtpPoolSpec

_LONGEST_ADDRESS = len("-255-255-255-255")


class WantedServer(NamedTuple):
    """Name, labels, annotations and spec of one SmtpServer."""

    name: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    spec: Mapping[str, Any]


def server_name(pool: str, address: str) -> str:
    """`<pool>-198-51-100-11`; a long pool name is cut, the address keeps it unique."""
    return f"{pool[: MAX_NAME - _LONGEST_ADDRESS].rstrip('-')}-{address.replace('.', '-')}"


def wanted_servers(pool: str, spec: SmtpPoolSpec) -> tuple[WantedServer, ...]:
    """One server per address, sorted by name."""
    if spec.server_template is None:
        return ()
    servers = (_server(pool, address, spec.server_template) for address in spec.addresses)
    return tuple(sorted(servers, key=lambda server: server.name))


def surplus(own: Collection[str], wanted: Collection[WantedServer]) -> tuple[str, ...]:
    """Own servers whose address is no longer stated."""
    names = {server.name for server in wanted}
    return tuple(sorted(name for name in own if name not in names))


def _without_decision(annotations: Mapping[str, str]) -> dict[str, str]:
    """A decision about mail is for one deletion: in a template it would lose mail at any later one, unasked."""
    return {name: value for name, value in annotations.items() if name != QUEUE_DECISION}


def _server(pool: str, stated: PoolAddress, template: ServerTemplate) -> WantedServer:
    egress = {
        "address": stated.address,
        "provider": template.spec.relay.egress.provider.value,
        **({"localAddress": stated.local_address} if stated.local_address else {}),
    }
    return WantedServer(
        name=server_name(pool, stated.address),
        labels={**template.metadata.labels, FROM_ADDRESS: stated.address},
        annotations=_without_decision(template.metadata.annotations),
        spec={
            "poolRef": {"name": pool},
            "relay": {"hostname": stated.hostname, "egress": egress},
            "weight": template.spec.weight if stated.weight is None else stated.weight,
            "warmup": {"mode": template.spec.warmup.mode.value},
            "desiredState": template.spec.desired_state.value,
        },
    )
