"""What a manifest is of, and the identity that every child carries: name, namespace, labels.

The owner's uid is stamped on when a manifest is applied; only the pod, which a StatefulSet makes, carries it from here.
"""

from dataclasses import dataclass
from typing import Any

from smtppool.api import names
from smtppool.api.names import Key
from smtppool.api.smtppool import SmtpPoolSpec
from smtppool.api.smtpserver import SmtpServerSpec

Manifest = dict[str, Any]
RELAY = "relay"  # component of everything that belongs to one server
ENTRY = "entry"  # component of what belongs to the pool as a whole


@dataclass(frozen=True, kw_only=True)
class PoolObject:
    """An accepted SmtpPool."""

    key: Key
    uid: str
    spec: SmtpPoolSpec


@dataclass(frozen=True, kw_only=True)
class ServerObject:
    """An accepted SmtpServer."""

    key: Key
    uid: str
    spec: SmtpServerSpec


@dataclass(frozen=True, kw_only=True)
class Image:
    """The relay image of this release."""

    reference: str
    pull_policy: str = "IfNotPresent"


def of_server(api_version: str, kind: str, name: str, server: ServerObject) -> Manifest:
    """Identity of a child of a server."""
    labels = labels_of(pool=server.spec.pool_ref.name, component=RELAY) | {names.SERVER: server.key.name}
    return _identity(api_version, kind, Key(server.key.namespace, name), labels)


def of_pool(api_version: str, kind: str, name: str, pool: PoolObject) -> Manifest:
    """Identity of a child of a pool."""
    labels = labels_of(pool=pool.key.name, component=ENTRY)
    return _identity(api_version, kind, Key(pool.key.namespace, name), labels)


def labels_of(*, pool: str, component: str) -> dict[str, str]:
    """Labels of every child; watches select by PART_OF."""
    return {
        names.PART_OF: names.PART_OF_VALUE,
        names.MANAGED_BY: names.MANAGED_BY_VALUE,
        names.COMPONENT: component,
        names.POOL: pool,
    }


def relay_selector(server: ServerObject) -> dict[str, str]:
    """Labels that the pod of one server has, and no other."""
    return {names.PART_OF: names.PART_OF_VALUE, names.SERVER: server.key.name}


def pool_selector(pool: str) -> dict[str, str]:
    """Labels that all relay pods of a pool have, and no others."""
    return {names.PART_OF: names.PART_OF_VALUE, names.POOL: pool, names.COMPONENT: RELAY}


def _identity(api_version: str, kind: str, key: Key, labels: dict[str, str]) -> Manifest:
    metadata = {"name": key.name, "namespace": key.namespace, "labels": labels}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}
