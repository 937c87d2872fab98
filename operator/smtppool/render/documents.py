"""Routing, grant and report as ConfigMaps. Equal content is equal text, so that nothing is written for nothing."""

import json

from smtppool.api.base import Model
from smtppool.api.documents import Grant, Routing
from smtppool.api.health_record import HealthRecord
from smtppool.api.names import (
    GRANT_KEY,
    HEALTH_KEY,
    ROUTING_KEY,
    grant_name,
    health_name,
    report_name,
    routing_name,
)
from smtppool.render.identity import Manifest, PoolObject, ServerObject, of_pool, of_server


def canonical(document: Model) -> str:
    """JSON with sorted keys and no spaces."""
    return json.dumps(document.dump(), sort_keys=True, separators=(",", ":"))


def routing(pool: PoolObject, document: Routing) -> Manifest:
    """`<pool>-routing`."""
    return of_pool("v1", "ConfigMap", routing_name(pool.key.name), pool) | {"data": {ROUTING_KEY: canonical(document)}}


def health(pool: PoolObject, record: HealthRecord) -> Manifest:
    """`<pool>-health`."""
    return of_pool("v1", "ConfigMap", health_name(pool.key.name), pool) | {"data": {HEALTH_KEY: canonical(record)}}


def grant(server: ServerObject, document: Grant) -> Manifest:
    """`<server>-grant`."""
    identity = of_server("v1", "ConfigMap", grant_name(server.key.name), server)
    return identity | {"data": {GRANT_KEY: canonical(document)}}


def report(server: ServerObject) -> Manifest:
    """`<server>-report`, empty: its data are the agent's, who may patch it but not create it."""
    return of_server("v1", "ConfigMap", report_name(server.key.name), server)
